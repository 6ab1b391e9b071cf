/** What was raised by one source and not yet taken, and who waits for it. */
import type { InterruptCounter } from '../../../function/index.js';
import type { VirtualClock } from '../clock.js';

export class SimCounter implements InterruptCounter {
  readonly #clock: VirtualClock;
  readonly #acknowledge: () => void;
  #open = true;
  #count = 0;
  #wake: (() => void)[] = [];

  /** `acknowledge` lets a level source through again. */
  constructor(clock: VirtualClock, acknowledge: () => void) {
    this.#clock = clock;
    this.#acknowledge = acknowledge;
  }

  raise(): void {
    this.#count++;
    this.#wakeAll();
  }

  take(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }

  /** Milliseconds of the machine's clock. */
  wait(milliseconds: number): boolean {
    return this.#clock.waitUntil(milliseconds, () => this.#count > 0 || !this.#open);
  }

  async ready(): Promise<void> {
    if (this.#count > 0 || !this.#open) return;
    this.#clock.beginWait();
    try {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    } finally {
      this.#clock.endWait();
    }
  }

  acknowledge(): void {
    this.#acknowledge();
  }

  close(): void {
    this.#open = false;
    this.#wakeAll();
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const resolve of waiting) resolve();
  }
}
