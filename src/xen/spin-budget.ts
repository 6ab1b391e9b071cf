/** How often a thread looks for what another one will write before it sleeps: as often as has paid off lately, or not at all. */

export interface SpinBudgetOptions {
  /** Looks at best; 0 where threads never run side by side. */
  readonly most: number;
  /** A whole try is made only once in so many: who runs where may have changed. Default 32. */
  readonly retry?: number;
  /** Looks granted beyond twice those that the last success took. Default a sixteenth of the most. */
  readonly spare?: number;
}

/**
 * Looking is the fastest way where both threads run, and the slowest where they share a processor: the one that looks
 * keeps the other from running, and itself from its other work. Which of the two it is changes with the load of the
 * machine and with what the other one does, and only trying tells.
 */
export class SpinBudget {
  readonly #most: number;
  readonly #retry: number;
  readonly #spare: number;
  #looks = 0;
  #tries: number;

  constructor({ most, retry = 32, spare = Math.floor(most / 16) }: SpinBudgetOptions) {
    this.#most = most;
    this.#retry = retry;
    this.#spare = spare;
    this.#tries = retry;
  }

  /** For the first try in a row. */
  first(): number {
    if (++this.#tries < this.#retry) return this.#looks;
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
    this.#looks = Math.min(this.#most, 2 * looks + 1 + this.#spare);
  }

  /** It did not. */
  failed(): void {
    this.#looks >>= 1;
  }
}
