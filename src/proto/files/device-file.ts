/** A device file: one file below a device's folder, and what one open of it can do; how it is served is not its concern. */

/** The process that made a call, as the kernel tells it. */
export interface Caller {
  /** Process id in the server's namespace, 0 when it has none there. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** An entry of a device's folder: `pcicfg`, `10.mem`, `busdma`, `msi0`. */
export interface DeviceFile {
  readonly name: string;
  /** Bytes, as stat(2) shows them; 0 for a file without data. */
  readonly size: number;
  /** What a person should know who sees it in a list. */
  readonly note?: string;
  /** @throws {FileError} EBUSY, ENXIO. */
  open(caller: Caller): OpenFile;
}

/** A read that cannot be answered yet: whoever kept it answers exactly once. */
export interface PendingRead {
  /** @returns false when the caller was interrupted meanwhile: nothing was taken. */
  answer(data: Uint8Array): boolean;
  fail(errno: Errno): void;
  /** Called when the caller is interrupted or the file is released; the read is answered by then. */
  onGone(gone: () => void): void;
}

/** One open of a device file, from open(2) until its last descriptor is closed. Every refusal is a {@link FileError}. */
export interface OpenFile {
  /**
   * One read(2): `into` has the length that was asked for.
   * @returns bytes that were put there, or 'later': `pending` will be answered.
   */
  read(offset: number, into: Uint8Array, pending: PendingRead, nonBlocking: boolean): number | 'later';
  /** One write(2). @returns bytes taken. */
  write(offset: number, from: Uint8Array): number;
  /**
   * One ioctl(2) of a request whose number tells the size of its argument (`_IOR`, `_IOW`, `_IOWR`). `argument` is
   * read and written in place, and is this call's alone until it is answered. Where the call has to wait, for memory
   * or for the memory of the caller, it is a promise, which {@link FileError} rejects; other calls go on meanwhile.
   * @returns what the call returns.
   */
  ioctl?(request: number, argument: Uint8Array, caller: Caller): number | Promise<number>;
  /** For poll(2): whether a read would not wait. Absent: it never waits. */
  readonly readable?: boolean;
  /** `wake` is called each time that `readable` becomes true; one listener. */
  onReadable?(wake: () => void): void;
  /** A descriptor of the memory that mmap(2) of this open maps, at the same offsets; absent where it cannot be mapped. */
  readonly backing?: number;
  /** The last descriptor is closed, or its program has ended. Never throws. */
  release(): void;
}

/** Errno of a refusal, by its name in errno(3). */
export type Errno =
  | 'EACCES'
  | 'EAGAIN'
  | 'EBADF'
  | 'EBUSY'
  | 'EFAULT'
  | 'EFBIG'
  | 'EINTR'
  | 'EINVAL'
  | 'EIO'
  | 'ENODEV'
  | 'ENOMEM'
  | 'ENOSPC'
  | 'ENOTTY'
  | 'ENXIO'
  | 'EOPNOTSUPP'
  | 'EPERM';

/** A call on a device file is refused: what the caller's errno says, and nothing more can be told to it. */
export class FileError extends Error {
  readonly errno: Errno;
  constructor(errno: Errno, why: string, options?: ErrorOptions) {
    super(`${errno}: ${why}`, options);
    this.errno = errno;
  }
}
