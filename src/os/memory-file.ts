/** A file of memory (memfd): pages that other processes can map, too, taken and given back piece by piece. */
import { closeSync, ftruncateSync } from 'node:fs';
import { SystemCallError } from './errors.js';
import { lastErrno, systemLibrary, type NativeFunction } from './library.js';
import { LARGEST_VIEW, mapFile } from './mapping.js';

const MFD_CLOEXEC = 1;
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

let calls: { readonly memfd: NativeFunction; readonly fallocate: NativeFunction } | undefined;

function bound(): NonNullable<typeof calls> {
  calls ??= {
    memfd: systemLibrary().bind('int memfd_create(const char *name, unsigned int flags)'),
    fallocate: systemLibrary().bind('int fallocate(int fd, int mode, int64_t offset, int64_t length)'),
  };
  return calls;
}

export class MemoryFile {
  readonly fd: number;
  readonly #name: string;
  #size: number;

  /**
   * `bytes` zeros, which take no memory before they are touched; `name` is what the kernel shows of the file.
   * @throws {SystemCallError | NativeUnavailableError}
   */
  constructor(name: string, bytes = 0) {
    this.#name = name;
    const fd = bound().memfd(name, MFD_CLOEXEC);
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
   * for everybody who maps them, and `bytes` is memory that nobody else sees.
   * @throws {SystemCallError} ENOMEM also for 4 GiB and more, which no view can hold.
   */
  map(offset: number, length: number): { readonly bytes: Uint8Array; free(): void } {
    if (length > LARGEST_VIEW) throw new SystemCallError('mmap', this.#name, 'ENOMEM');
    this.#grow(offset + length);
    const mapping = mapFile(this.fd, offset, length, this.#name);
    let mapped = true;
    return {
      bytes: new Uint8Array(mapping.buffer),
      free: () => {
        if (!mapped) return;
        mapped = false;
        bound().fallocate(this.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
        // A view that somebody kept must not end the process.
        mapping.abandon();
      },
    };
  }

  #grow(size: number): void {
    if (size <= this.#size) return;
    try {
      ftruncateSync(this.fd, size);
    } catch (cause) {
      throw new SystemCallError(
        'ftruncate',
        this.#name,
        (cause as NodeJS.ErrnoException).code ?? String(cause),
      );
    }
    this.#size = size;
  }

  /** Pages that are mapped have to be given back before. */
  close(): void {
    closeSync(this.fd);
  }
}
