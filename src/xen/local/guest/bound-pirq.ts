/** One pirq that a domain has bound: counted in its shared words, awaited by its event loop or by its sleeping thread. */
import type { BoundPirq, Pirq } from '../../platform.js';
import { Call } from '../control-block.js';
import type { Calls } from './calls.js';
import type { Events } from './events.js';

export class LocalBoundPirq implements BoundPirq {
  readonly #calls: Calls;
  readonly #events: Events;
  readonly #port: number;
  #waiting: (() => void)[] = [];
  #open = true;

  /** @throws {XenCallError} it was not mapped for this domain. */
  constructor(calls: Calls, events: Events, pirq: Pirq) {
    this.#calls = calls;
    this.#events = events;
    this.#port = calls.result(`binding pirq ${pirq}`, Call.bindPirq, pirq);
  }

  take(): number {
    if (!this.#open) return 0;
    // First the pending word: an event between the two is counted now and found pending later, never lost.
    this.#events.takePending(this.#port);
    return this.#events.takeCount(this.#port);
  }

  wait(milliseconds: number): boolean {
    if (!this.#open) return false;
    if (this.#events.count(this.#port) > 0) return true;
    const until = performance.now() + milliseconds;
    for (;;) {
      const left = until - performance.now();
      if (!this.#events.wait(this.#port, Math.max(0, left))) return this.#events.count(this.#port) > 0;
      // Pending of an event that was taken already: look again.
      if (this.#events.count(this.#port) > 0) return true;
    }
  }

  ready(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#open || this.#events.count(this.#port) > 0) {
        resolve();
        return;
      }
      this.#waiting.push(resolve);
      if (this.#waiting.length > 1) return;
      this.#events.listen(this.#port, () => {
        if (this.#events.count(this.#port) > 0) this.#settle();
      });
    });
  }

  #settle(): void {
    this.#events.unlisten(this.#port);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  acknowledge(): void {
    if (this.#open) this.#calls.call(Call.endOfInterrupt, this.#port);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#settle();
    this.#calls.call(Call.closePort, this.#port);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
