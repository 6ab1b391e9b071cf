/** Configuration space through the sysfs file `config`: one pread or pwrite of the access's width. */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import {
  checkConfigAccess,
  ConfigAccessError,
  type ConfigSpace,
  type ConfigWidth,
} from '../../function/index.js';
import { readAt } from '../../os/index.js';
import { errnoOf } from './sysfs.js';

/** The kernel turns an aligned read or write of 1, 2 or 4 bytes into one configuration cycle of that width. */
export class LinuxConfig implements ConfigSpace {
  readonly size: number;
  readonly #path: string;
  readonly #fd: number;
  readonly #writable: boolean;
  readonly #bytes = Buffer.alloc(4);
  #open = true;

  /** @throws errno errors of open. */
  constructor(path: string) {
    this.#path = path;
    let fd: number;
    let writable = true;
    try {
      fd = openSync(path, 'r+');
    } catch (cause) {
      if (errnoOf(cause) !== 'EACCES' && errnoOf(cause) !== 'EROFS') throw cause;
      fd = openSync(path, 'r');
      writable = false;
    }
    this.#fd = fd;
    this.#writable = writable;
    this.size = this.#readableSize();
  }

  /** What can be read, which without privilege is less than the file's size says. */
  #readableSize(): number {
    const all = fstatSync(this.#fd).size;
    for (const size of [4096, 256, 128, 64]) {
      if (size <= Math.max(all, 64) && readSync(this.#fd, this.#bytes, 0, 1, size - 1) === 1) return size;
    }
    return 0;
  }

  read(offset: number, width: ConfigWidth): number {
    checkConfigAccess('read', offset, width, this.size);
    this.#checkOpen('read', offset, width);
    const count = readAt(this.#fd, this.#bytes, width, offset);
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

  write(offset: number, width: ConfigWidth, value: number): void {
    checkConfigAccess('write', offset, width, this.size);
    this.#checkOpen('write', offset, width);
    if (!this.#writable) {
      throw new ConfigAccessError(
        'CONFIG_REFUSED',
        { operation: 'write', offset, width },
        `${this.#path} is not writable for this user`,
        'run the command as root',
      );
    }
    this.#bytes.writeUInt32LE(value >>> 0, 0);
    try {
      writeSync(this.#fd, this.#bytes, 0, width, offset);
    } catch (cause) {
      const errno = errnoOf(cause);
      throw new ConfigAccessError(
        'CONFIG_REFUSED',
        { operation: 'write', offset, width },
        errno === 'EPERM' ? 'the kernel is locked down (EPERM)' : errno,
        errno === 'EPERM' ? 'cat /sys/kernel/security/lockdown' : '',
        { cause },
      );
    }
  }

  #checkOpen(operation: 'read' | 'write', offset: number, width: number): void {
    if (!this.#open)
      throw new ConfigAccessError('CONFIG_REFUSED', { operation, offset, width }, 'the function was closed');
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#fd);
  }
}
