/** Configuration space in a file of the kernel's: one pread or pwrite for each access. */
import { readSync, writeSync } from 'node:fs';
import { ConfigAccessError } from '../../function/errors.js';
import type { ConfigWidth } from '../../function/function.js';
import { readAt } from '../../os/positioned-read.js';
import { errnoOf } from './sysfs.js';

/** The kernel turns an aligned read or write of 1, 2 or 4 bytes into one configuration cycle of that width. */
export class ConfigFile {
  readonly #fd: number;
  readonly #base: number;
  readonly #bytes = Buffer.alloc(4);

  /** `base` is where it begins in the open file, which stays the caller's. */
  constructor(fd: number, base: number) {
    this.#fd = fd;
    this.#base = base;
  }

  /** True when its last byte below `size` can be read, which without privilege it cannot past the header. */
  reaches(size: number): boolean {
    return readSync(this.#fd, this.#bytes, 0, 1, this.#base + size - 1) === 1;
  }

  /** The caller has checked range and alignment. @throws {ConfigAccessError} */
  read(offset: number, width: ConfigWidth): number {
    let count: number;
    try {
      count = readAt(this.#fd, this.#bytes, width, this.#base + offset);
    } catch (cause) {
      throw refused('read', offset, width, cause);
    }
    if (count !== width) {
      throw new ConfigAccessError(
        'CONFIG_REFUSED',
        { operation: 'read', offset, width },
        'the kernel gave fewer bytes',
      );
    }
    const bytes = this.#bytes;
    if (width === 4) return bytes.readUInt32LE(0);
    return width === 2 ? bytes.readUInt16LE(0) : bytes.readUInt8(0);
  }

  /** The caller has checked range and alignment. @throws {ConfigAccessError} */
  write(offset: number, width: ConfigWidth, value: number): void {
    this.#bytes.writeUInt32LE(value >>> 0, 0);
    try {
      writeSync(this.#fd, this.#bytes, 0, width, this.#base + offset);
    } catch (cause) {
      throw refused('write', offset, width, cause);
    }
  }
}

function refused(
  operation: 'read' | 'write',
  offset: number,
  width: ConfigWidth,
  cause: unknown,
): ConfigAccessError {
  const errno = errnoOf(cause);
  return new ConfigAccessError(
    'CONFIG_REFUSED',
    { operation, offset, width },
    errno === 'EPERM' ? 'the kernel is locked down (EPERM)' : errno,
    errno === 'EPERM' ? 'cat /sys/kernel/security/lockdown' : '',
    { cause },
  );
}
