/** How often a thread looks for the next call before it does something else: as often as has paid off lately, or not at all. */

/** A whole try is made only after so many calls: who runs where may have changed. */
const RETRY = 32;
/** Granted beyond twice the looks that the last success took. */
const FEW = 200;

/**
 * Looking is the fastest way where both threads run, and the slowest where they share a processor: the one that looks
 * keeps the other from running, and itself from its other work. Which of the two it is changes with the load of the
 * machine and with what the other one does, and only trying tells.
 */
export class SpinBudget {
  readonly #most: number;
  #looks = 0;
  #calls = RETRY;

  /** `most` looks at best; 0 where threads never run side by side. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Looks after a call whose caller has to be woken, which takes long. */
  looksAfterWake(): number {
    if (++this.#calls < RETRY) return this.#looks;
    this.#calls = 0;
    return this.#most;
  }

  /** Looks after a call that came within the looks before. */
  looksAfterLook(): number {
    this.#calls++;
    return this.#looks;
  }

  /** A call came after so many looks. */
  paid(looks: number): void {
    this.#looks = Math.min(this.#most, 2 * looks + FEW);
  }

  /** None came. */
  failed(): void {
    this.#looks >>= 1;
  }
}
