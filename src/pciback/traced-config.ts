/** A wrapper of the configuration space that a guest sees: each of its accesses is noted, and is otherwise as it was. */
import type { ConfigImage, ConfigSpace, ConfigWidth } from '../function/index.js';
import type { AccessTrace } from './access-trace.js';
import { GuestWriteDeniedError } from './errors.js';

export class TracedConfig implements ConfigSpace {
  readonly size: number;
  readonly #image: ConfigImage;
  readonly #trace: AccessTrace;
  readonly #function: number;

  /** `fn` is the function's index in the trace. */
  constructor(image: ConfigImage, trace: AccessTrace, fn: number) {
    this.size = image.size;
    this.#image = image;
    this.#trace = trace;
    this.#function = fn;
  }

  read(offset: number, width: ConfigWidth): number {
    try {
      const value = this.#image.read(offset, width);
      this.#trace.noteRead(this.#function, offset, width, value, 'done');
      return value;
    } catch (error) {
      this.#trace.noteRead(this.#function, offset, width, 0, 'failed');
      throw error;
    }
  }

  write(offset: number, width: ConfigWidth, value: number): void {
    const takes = this.#image.takes(offset, width);
    try {
      this.#image.write(offset, width, value);
      this.#trace.noteWrite(this.#function, offset, width, value, takes, 'done');
    } catch (error) {
      const outcome = error instanceof GuestWriteDeniedError ? 'denied' : 'failed';
      this.#trace.noteWrite(this.#function, offset, width, value, takes, outcome);
      throw error;
    }
  }
}
