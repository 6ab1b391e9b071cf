/** Waiting for a condition that may hold after any wake-up. */

/** Timers of Node take a signed 32-bit number of milliseconds. */
const LONGEST_TIMER = 0x7fff_ffff;

/** For whoever waits for a state in the store: {@link Wakeups.announce} in the watch, `until` beside it. */
export class Wakeups {
  readonly #sleepers = new Set<() => void>();
  #count = 0;

  /** Lets everybody look again. */
  announce(): void {
    this.#count++;
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Settles true when `condition` holds, false when the time (in milliseconds, or Infinity) has passed. */
  async until(condition: () => boolean | Promise<boolean>, milliseconds: number): Promise<boolean> {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const seen = this.#count;
      if (await condition()) return true;
      const left = deadline - performance.now();
      if (left <= 0) return false;
      // What came during the look may have been missed by it.
      if (this.#count === seen) await this.#sleep(left);
    }
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer =
        milliseconds === Infinity ? undefined : setTimeout(wake, Math.min(milliseconds, LONGEST_TIMER));
      this.#sleepers.add(wake);
    });
  }
}
