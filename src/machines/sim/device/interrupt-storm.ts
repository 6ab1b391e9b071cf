/** An interrupt storm: a stuck pin, and a vector raised again and again, as far as the clock allows. */
import type { VirtualClock } from '../clock.js';
import type { Timer } from '../device-model.js';
import type { Signals } from './signals.js';

export class InterruptStorm {
  readonly #clock: VirtualClock;
  readonly #signals: Signals;
  #timer: Timer | undefined;

  constructor(clock: VirtualClock, signals: Signals) {
    this.#clock = clock;
    this.#signals = signals;
  }

  /** Raises `vector` every so many nanoseconds. */
  start(vector: number, every: number): void {
    this.stop();
    this.#signals.setStuck(true);
    const again = () => {
      this.#timer = this.#clock.after(every, again);
      this.#signals.raise(vector);
    };
    this.#timer = this.#clock.after(every, again);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#signals.setStuck(false);
  }
}
