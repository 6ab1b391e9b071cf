/** How often a thread looks for what another one will write before it sleeps: as often as has paid off lately, or not at all. */

/** A whole try is made only once in so many: who runs where may have changed. */
const RETRY = 32;
/** Granted beyond twice the looks that the last success took: such a part of the most. */
const FRACTION = 16;

/**
 * Looking is the fastest way where both threads run, and the slowest where they share a processor: the one that looks
 * keeps the other from running, and itself from its other work. Which of the two it is changes with the load of the
 * machine and with what the other one does, and only trying tells.
 */
export class SpinBudget {
  readonly #most: number;
  #looks = 0;
  #tries = RETRY;

  /** `most` looks at best; 0 where threads never run side by side. */
  constructor(most: number) {
    this.#most = most;
  }

  /** For the first try in a row. */
  first(): number {
    if (++this.#tries < RETRY) return this.#looks;
    this.#tries = 0;
    return this.#most;
  }

  /** For the next one, after one that has paid off. */
  next(): number {
    this.#tries++;
    return this.#looks;
  }

  /** The other thread wrote after so many looks. */
  paid(looks: number): void {
    this.#looks = Math.min(this.#most, 2 * looks + 1 + Math.floor(this.#most / FRACTION));
  }

  /** It did not. */
  failed(): void {
    this.#looks >>= 1;
  }
}
