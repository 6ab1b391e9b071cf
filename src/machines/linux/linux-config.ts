/** Configuration space through the sysfs file `config`. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { checkConfigAccess } from '../../function/config-access.js';
import { ConfigAccessError } from '../../function/errors.js';
import type { ConfigSpace, ConfigWidth } from '../../function/function.js';
import { ConfigFile } from './config-file.js';
import { errnoOf } from './sysfs.js';

export class LinuxConfig implements ConfigSpace {
  readonly size: number;
  readonly #path: string;
  readonly #fd: number;
  readonly #file: ConfigFile;
  readonly #writable: boolean;
  readonly #beforeWrite: () => void;
  #open = true;

  /** `beforeWrite` may take the function for the program, or refuse. @throws errno errors of open, and of a function that is gone. */
  constructor(path: string, beforeWrite: () => void = () => undefined) {
    this.#path = path;
    this.#beforeWrite = beforeWrite;
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
    this.#file = new ConfigFile(fd, 0);
    this.#writable = writable;
    try {
      this.size = this.#readableSize();
    } catch (cause) {
      closeSync(fd);
      throw cause;
    }
  }

  /** What can be read, which without privilege is less than the file's size says. */
  #readableSize(): number {
    const all = fstatSync(this.#fd).size;
    for (const size of [4096, 256, 128, 64]) {
      if (size <= Math.max(all, 64) && this.#file.reaches(size)) return size;
    }
    return 0;
  }

  read(offset: number, width: ConfigWidth): number {
    checkConfigAccess('read', offset, width, this.size);
    this.#checkOpen('read', offset, width);
    return this.#file.read(offset, width);
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
    this.#beforeWrite();
    this.#file.write(offset, width, value);
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

  [Symbol.dispose](): void {
    this.close();
  }
}
