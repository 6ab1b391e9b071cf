/** The interrupts of one source, over a bound pirq. */
import type { Interrupt, InterruptSource, InterruptStream } from '../function/index.js';
import type { BoundPirq } from '../xen/platform.js';

/**
 * Taking the next interrupt says that the last one has been dealt with: only then may a level source raise again.
 * After {@link close} the iterations end and {@link wait} gives nothing.
 */
export class PirqStream implements InterruptStream {
  readonly source: InterruptSource;
  readonly #pirq: BoundPirq;
  readonly #onClose: () => void;
  #unacknowledged = false;
  #closed = false;

  constructor(source: InterruptSource, pirq: BoundPirq, onClose: () => void) {
    this.source = source;
    this.#pirq = pirq;
    this.#onClose = onClose;
  }

  wait(milliseconds: number): Interrupt | undefined {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const interrupt = this.#take();
      if (interrupt !== undefined || this.#closed) return interrupt;
      const left = deadline - performance.now();
      if (left <= 0 || !this.#pirq.wait(left)) return this.#take();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Interrupt, undefined> {
    while (!this.#closed) {
      const interrupt = this.#take();
      if (interrupt !== undefined) yield interrupt;
      else await this.#pirq.ready();
    }
  }

  #take(): Interrupt | undefined {
    if (this.#closed) return undefined;
    this.#acknowledge();
    const count = this.#pirq.take();
    if (count === 0) return undefined;
    this.#unacknowledged = true;
    return { source: this.source, count };
  }

  #acknowledge(): void {
    if (!this.#unacknowledged) return;
    this.#unacknowledged = false;
    this.#pirq.acknowledge();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#acknowledge();
    this.#pirq.close();
    this.#onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
