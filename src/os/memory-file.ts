/** A file of memory (memfd): pages that other processes can map, too, taken and given back piece by piece. */
import { closeSync, ftruncateSync } from 'node:fs';
import { SystemCallError } from './errors.js';
import { koffi, lastErrno, systemLibrary, type NativeFunction } from './library.js';

const MFD_CLOEXEC = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

interface Calls {
  readonly mmap: NativeFunction;
  readonly munmap: NativeFunction;
  readonly memfd: NativeFunction;
  readonly fallocate: NativeFunction;
}

let calls: Calls | undefined;

function bindCalls(): Calls {
  const library = systemLibrary();
  return {
    mmap: library.bind(
      'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
    ),
    munmap: library.bind('int munmap(void *address, size_t length)'),
    memfd: library.bind('int memfd_create(const char *name, unsigned int flags)'),
    fallocate: library.bind('int fallocate(int fd, int mode, int64_t offset, int64_t length)'),
  };
}

/** Unmaps what was given back once no view of it is left: a view that somebody kept must not end the process. */
const abandoned = new FinalizationRegistry<{ readonly address: bigint; readonly length: number }>(
  ({ address, length }) => {
    calls?.munmap(address, length);
  },
);

export class MemoryFile {
  readonly fd: number;
  readonly #calls: Calls;
  readonly #name: string;
  #size: number;

  /**
   * `bytes` zeros, which take no memory before they are touched; `name` is what the kernel shows of the file.
   * @throws {SystemCallError | NativeUnavailableError}
   */
  constructor(name: string, bytes = 0) {
    calls ??= bindCalls();
    this.#calls = calls;
    this.#name = name;
    const fd = calls.memfd(name, MFD_CLOEXEC);
    if (typeof fd !== 'number' || fd < 0) throw new SystemCallError('memfd_create', name, lastErrno());
    this.fd = fd;
    this.#size = bytes;
    try {
      if (bytes > 0) ftruncateSync(fd, bytes);
    } catch (cause) {
      closeSync(fd);
      throw cause;
    }
  }

  /**
   * Maps pages of the file, which grows for them; both numbers are multiples of a page. After `free` they are zero again
   * for everybody who maps them, and `bytes` is memory that nobody else sees. @throws {SystemCallError}
   */
  map(offset: number, length: number): { readonly bytes: Uint8Array; free(): void } {
    const { mmap, fallocate } = this.#calls;
    const name = this.#name;
    if (offset + length > this.#size) {
      this.#size = offset + length;
      ftruncateSync(this.fd, this.#size);
    }
    const address = mmap(null, length, PROT_READ_WRITE, MAP_SHARED, this.fd, offset) as bigint | null;
    if (address === null || address === MAP_FAILED) throw new SystemCallError('mmap', name, lastErrno());
    const buffer = koffi(name).view(address, length);
    let mapped = true;
    return {
      bytes: new Uint8Array(buffer),
      free: () => {
        if (!mapped) return;
        mapped = false;
        fallocate(this.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
        const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
        const replaced = mmap(address, length, PROT_READ_WRITE, flags, -1, 0) as bigint | null;
        if (replaced !== address) throw new SystemCallError('mmap', name, lastErrno());
        abandoned.register(buffer, { address, length });
      },
    };
  }

  /** Pages that are mapped have to be given back before. */
  close(): void {
    closeSync(this.fd);
  }
}
