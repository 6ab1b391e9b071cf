/** Configuration space as the device file `pcicfg`. */
import {
  checkConfigAccess,
  ConfigAccessError,
  type ConfigSpace,
  type ConfigWidth,
} from '../../function/index.js';
import { RegisterCalls } from './register-access.js';
import type { OpenedFile } from './shared-files.js';

/** Of every function, conventional ones too: behind their end nothing answers. */
const SIZE = 4096;

export class FileConfig implements ConfigSpace {
  readonly size = SIZE;
  readonly #file: OpenedFile;
  readonly #calls: RegisterCalls;
  #open = true;
  /** What a refusal says is the access that was made last. */
  #last: { readonly operation: 'read' | 'write'; readonly offset: number; readonly width: number };

  constructor(file: OpenedFile) {
    this.#file = file;
    this.#last = { operation: 'read', offset: 0, width: 0 };
    this.#calls = new RegisterCalls(
      file,
      (errno, cause) => new ConfigAccessError('CONFIG_REFUSED', this.#last, errno, '', { cause }),
    );
  }

  read(offset: number, width: ConfigWidth): number {
    this.#check('read', offset, width);
    return this.#calls.read(offset, width);
  }

  write(offset: number, width: ConfigWidth, value: number): void {
    this.#check('write', offset, width);
    this.#calls.write(offset, width, value);
  }

  close(): void {
    this.#open = false;
    this.#file[Symbol.dispose]();
  }

  #check(operation: 'read' | 'write', offset: number, width: ConfigWidth): void {
    checkConfigAccess(operation, offset, width, SIZE);
    this.#last = { operation, offset, width };
    if (!this.#open) throw new ConfigAccessError('CONFIG_REFUSED', this.#last, 'the function was closed');
  }
}
