/** How often a thread looks at a shared word before it sleeps: often while looking has paid off lately, else not at all. */

/** So many tries without a look are followed by one with all of them: who runs where may have changed. */
const RETRY = 32;

/**
 * Looking is the fastest way where both threads run, and the slowest where they share a processor: the one that looks
 * keeps the other from running. Which of the two it is changes with the load of the machine, and only trying tells.
 */
export class SpinBudget {
  readonly #most: number;
  #looks: number;
  #skipped = 0;

  /** `most` looks at best; 0 where threads never run side by side. */
  constructor(most: number) {
    this.#most = most;
    this.#looks = most;
  }

  /** Looks of the next try; {@link paid} or {@link failed} tells how it went. With 0 there is nothing to tell. */
  next(): number {
    if (this.#looks > 0 || ++this.#skipped < RETRY) return this.#looks;
    this.#skipped = 0;
    return this.#most;
  }

  /** What was waited for came within the looks. */
  paid(): void {
    this.#looks = this.#most;
  }

  /** It did not. */
  failed(): void {
    this.#looks >>= 1;
  }
}
