/** Events of a domain as its own thread sees them: blocking, or by message to its event loop. */
import { PORTS, portWord, PortWord, Word, type Handoff } from '../control-block.js';
import { SpinBudget } from '../../spin-budget.js';

/** Looks at a port before the thread goes to sleep: about what waking it takes. */
const LOOKS = 2000;

export class Events {
  readonly #words: Int32Array;
  readonly #spin: SpinBudget;
  readonly #port: Handoff['port'];
  readonly #handlers = new Map<number, () => void>();

  /** The port's messages keep the worker alive until {@link close}. */
  constructor({ control, port, parallel }: Handoff) {
    this.#words = new Int32Array(control);
    this.#spin = new SpinBudget({ most: parallel ? LOOKS : 0 });
    this.#port = port;
    port.on('message', () => {
      Atomics.store(this.#words, Word.doorbell, 0);
      // A handler may close itself, or open another.
      for (const [channel, handler] of [...this.#handlers]) if (this.takePending(channel)) handler();
    });
  }

  /** Clears the pending word. @returns what it was. */
  takePending(channel: number): boolean {
    return Atomics.exchange(this.#words, portWord(channel, PortWord.pending), 0) !== 0;
  }

  /** Events since the last call. */
  takeCount(channel: number): number {
    return Atomics.exchange(this.#words, portWord(channel, PortWord.count), 0);
  }

  count(channel: number): number {
    return Atomics.load(this.#words, portWord(channel, PortWord.count));
  }

  /** Calls `handler` from the event loop whenever an event has come, until {@link unlisten}. */
  listen(channel: number, handler: () => void): void {
    this.#handlers.set(channel, handler);
    Atomics.store(this.#words, portWord(channel, PortWord.masked), 0);
    // One that came while nobody listened has sent no message.
    if (Atomics.load(this.#words, portWord(channel, PortWord.pending)) !== 0)
      setImmediate(() => {
        if (this.#handlers.get(channel) === handler && this.takePending(channel)) handler();
      });
  }

  unlisten(channel: number): void {
    Atomics.store(this.#words, portWord(channel, PortWord.masked), 1);
    this.#handlers.delete(channel);
  }

  /** Blocks until the channel is pending, and clears that. @returns false when the time has passed. */
  wait(channel: number, milliseconds: number): boolean {
    this.#look(channel);
    const words = this.#words;
    const until = performance.now() + milliseconds;
    for (;;) {
      // Read before looking: an event in between changes it, and the sleep ends at once.
      const sequence = Atomics.load(words, Word.sequence);
      if (this.takePending(channel)) return true;
      const left = until - performance.now();
      if (left <= 0) return false;
      Atomics.wait(words, Word.sequence, sequence, left);
    }
  }

  #look(channel: number): void {
    const looks = this.#spin.first();
    for (let look = 0; look < looks; look++) {
      if (Atomics.load(this.#words, portWord(channel, PortWord.pending)) === 0) continue;
      this.#spin.paid(look);
      return;
    }
    this.#spin.failed();
  }

  close(): void {
    for (let channel = 1; channel < PORTS; channel++)
      Atomics.store(this.#words, portWord(channel, PortWord.masked), 1);
    this.#handlers.clear();
    this.#port.close();
  }
}
