/** Backing files: memory that the kernel maps in the place of a device file, so that mmap(2) reaches it without us. */
import { ioctl, SystemCallError } from '../../os/index.js';
import { DeviceIoctl } from './abi.js';

export class BackingFiles {
  readonly #fd: number;
  /** Whether the kernel agreed to it at INIT. */
  allowed = false;

  /** `fd` is the session's /dev/fuse. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** @returns the kernel's number for it; 0 where it does not allow it, and the file is then not mapped. */
  open(memory: number): number {
    if (!this.allowed) return 0;
    // struct fuse_backing_map { s32 fd; u32 flags; u64 padding; }
    const argument = new Int32Array([memory, 0, 0, 0]);
    try {
      return ioctl(this.#fd, DeviceIoctl.backingOpen, new Uint8Array(argument.buffer), '/dev/fuse');
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      // EPERM: only a process with CAP_SYS_ADMIN may. We are not asked again in vain.
      if (error.errno === 'EPERM') this.allowed = false;
      return 0;
    }
  }

  close(backing: number): void {
    if (backing === 0) return;
    try {
      ioctl(
        this.#fd,
        DeviceIoctl.backingClose,
        new Uint8Array(new Int32Array([backing]).buffer),
        '/dev/fuse',
      );
    } catch (error) {
      // The connection is gone, and the backing file with it.
      if (!(error instanceof SystemCallError)) throw error;
    }
  }
}
