/** A stream of interrupts over whatever counts them. */
import type { Interrupt, InterruptSource, InterruptStream } from './function.js';

/** Counts the interrupts of one source, and says when there are some. */
export interface InterruptCounter {
  /** How many were raised since the last call; does not wait. */
  take(): number;
  /** Blocks until {@link take} has some. @returns false when the time has passed. */
  wait(milliseconds: number): boolean;
  /** Settles when {@link take} has some, and at {@link close}. */
  ready(): Promise<void>;
  /** Lets a level source through again, which raises it at once while its level is still high. */
  acknowledge(): void;
  close(): void;
}

/**
 * Taking the next interrupt says that the last one has been dealt with: only then may a level source raise again.
 * After {@link close} the iterations end and {@link wait} gives nothing.
 */
export class CountedStream implements InterruptStream {
  readonly source: InterruptSource;
  readonly #counter: InterruptCounter;
  readonly #onClose: () => void;
  #unacknowledged = false;
  #closed = false;

  constructor(source: InterruptSource, counter: InterruptCounter, onClose: () => void) {
    this.source = source;
    this.#counter = counter;
    this.#onClose = onClose;
  }

  wait(milliseconds: number): Interrupt | undefined {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const interrupt = this.#take();
      if (interrupt !== undefined || this.#closed) return interrupt;
      const left = deadline - performance.now();
      if (left <= 0 || !this.#counter.wait(left)) return this.#take();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Interrupt, undefined> {
    while (!this.#closed) {
      const interrupt = this.#take();
      if (interrupt !== undefined) yield interrupt;
      else await this.#counter.ready();
    }
  }

  #take(): Interrupt | undefined {
    if (this.#closed) return undefined;
    this.#acknowledge();
    const count = this.#counter.take();
    if (count === 0) return undefined;
    this.#unacknowledged = true;
    return { source: this.source, count };
  }

  #acknowledge(): void {
    if (!this.#unacknowledged) return;
    this.#unacknowledged = false;
    this.#counter.acknowledge();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#acknowledge();
    } finally {
      this.#counter.close();
      this.#onClose();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
