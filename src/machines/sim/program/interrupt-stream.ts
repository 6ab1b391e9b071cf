/** One open interrupt source: what was raised and not yet taken, and who waits for it. */
import type { Interrupt, InterruptSource, InterruptStream } from '../../../function/index.js';
import type { VirtualClock } from '../clock.js';

export class SimInterruptStream implements InterruptStream {
  readonly #source: InterruptSource;
  readonly #clock: VirtualClock;
  /** Lets a level source through again, which raises it at once while its level is still high. */
  readonly #acknowledge: () => void;
  #close: (() => void) | undefined;
  #count = 0;
  #wake: (() => void)[] = [];

  constructor(source: InterruptSource, clock: VirtualClock, acknowledge: () => void, close: () => void) {
    this.#source = source;
    this.#clock = clock;
    this.#acknowledge = acknowledge;
    this.#close = close;
  }

  raise(): void {
    this.#count++;
    this.#wakeAll();
  }

  wait(milliseconds: number): Interrupt | undefined {
    if (this.#close === undefined) return undefined;
    this.#askForNext();
    this.#clock.waitUntil(milliseconds, () => this.#count > 0 || this.#close === undefined);
    return this.#take();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Interrupt> {
    for (;;) {
      const interrupt = await this.#next();
      if (interrupt === undefined) return;
      yield interrupt;
    }
  }

  [Symbol.dispose](): void {
    this.#close?.();
    this.#close = undefined;
    this.#count = 0;
    this.#wakeAll();
  }

  /** undefined: the stream was closed. */
  async #next(): Promise<Interrupt | undefined> {
    if (this.#close !== undefined) this.#askForNext();
    while (this.#count === 0 && this.#close !== undefined) {
      this.#clock.beginWait();
      try {
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      } finally {
        this.#clock.endWait();
      }
    }
    return this.#take();
  }

  /** Asking acknowledges the one before; one that waits to be taken is not acknowledged by it. */
  #askForNext(): void {
    if (this.#count === 0) this.#acknowledge();
  }

  #take(): Interrupt | undefined {
    if (this.#count === 0) return undefined;
    const interrupt = { source: this.#source, count: this.#count };
    this.#count = 0;
    return interrupt;
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const resolve of waiting) resolve();
  }
}
