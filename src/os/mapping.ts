/** Memory mappings of files and devices as array buffers, unmapped exactly once. */
import { SystemCallError } from './errors.js';
import { koffi, lastErrno, systemLibrary, type NativeFunction } from './library.js';

export const PAGE_SIZE = 4096;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
/** Bytes. A larger view aborts the process on Node 20. */
export const LARGEST_VIEW = 0xffff_ffff;

/** A live mapping. Touching `buffer` after {@link close} is a fault of the caller: keep views private. */
export interface Mapping {
  readonly buffer: ArrayBuffer;
  /** Where it stands in this process. */
  readonly address: bigint;
  close(): void;
  /**
   * For memory whose views others may have kept: what stands there from now on is memory that nobody else sees, which
   * goes when no view of it is left.
   */
  abandon(): void;
}

const abandoned = new FinalizationRegistry<{ readonly address: bigint; readonly length: number }>(
  ({ address, length }) => {
    calls?.munmap(address, length);
  },
);

let calls: { readonly mmap: NativeFunction; readonly munmap: NativeFunction } | undefined;

/**
 * Maps `length` bytes of an open file at `offset`, shared, for reading and writing. The descriptor may be closed
 * afterwards. @throws {SystemCallError | NativeUnavailableError | RangeError}
 */
export function mapFile(fd: number, offset: number, length: number, subject: string): Mapping {
  if (length > LARGEST_VIEW)
    throw new RangeError(`${subject}: ${length} bytes are more than one view can hold`);
  calls ??= {
    mmap: systemLibrary().bind(
      'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
    ),
    munmap: systemLibrary().bind('int munmap(void *address, size_t length)'),
  };
  const { mmap, munmap } = calls;
  const address = mmap(null, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset) as bigint | null;
  if (address === null || address === MAP_FAILED) throw new SystemCallError('mmap', subject, lastErrno());
  const buffer = koffi(subject).view(address, length);
  let open = true;
  return {
    buffer,
    address,
    close() {
      if (!open) return;
      open = false;
      munmap(address, length);
    },
    abandon() {
      if (!open) return;
      open = false;
      const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
      const replaced = mmap(address, length, PROT_READ | PROT_WRITE, flags, -1, 0) as bigint | null;
      if (replaced !== address) throw new SystemCallError('mmap', subject, lastErrno());
      abandoned.register(buffer, { address, length });
    },
  };
}

/** A view of `length` bytes that a C library handed out; valid as long as the library says. */
export function viewMemory(address: bigint, length: number): ArrayBuffer {
  return koffi('memory of a C library').view(address, length);
}

/** Where bytes that are not on the engine's heap (a mapping's) stand in this process. */
export function memoryAddress(bytes: Uint8Array): bigint {
  return BigInt(koffi('memory of this process').address(bytes));
}
