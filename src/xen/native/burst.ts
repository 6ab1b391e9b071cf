/** Requests that come in a burst: after an answer the next one is looked for a little before the process sleeps. */
import type { OnEvent } from '../platform.js';
import { SpinBudget } from '../spin-budget.js';

/** Looks before it sleeps, at most: together about what a sleep and a wake-up take. */
const LOOKS = 40;
/** Glances at the page in one look: an end with a processor of its own needs no more. */
const GLANCES = 32;
/** Requests answered in a row; then everybody else has a turn. */
const REQUESTS = 64;

/**
 * A front end's requests follow each other within microseconds: a bus scan is some 350 of them. Sleeping after each
 * costs more than the answer. Where both ends share a processor, looking alone would keep the other end from asking:
 * so each look ends by offering the processor.
 */
export class Burst {
  readonly #onEvent: OnEvent;
  readonly #yieldProcessor: () => void;
  readonly #budget = new SpinBudget(LOOKS);

  constructor(onEvent: OnEvent, yieldProcessor: () => void) {
    this.#onEvent = onEvent;
    this.#yieldProcessor = yieldProcessor;
  }

  /** Answers what waits, and what comes soon after it. Whoever asks later, or is put off, sends an event. */
  answer(): void {
    if (!this.#onEvent()) return;
    let looks = this.#budget.first();
    for (let requests = 1; requests < REQUESTS && this.#answerNext(looks); requests++)
      looks = this.#budget.next();
  }

  /** @returns false when nothing came within so many looks. */
  #answerNext(looks: number): boolean {
    for (let look = 0; look < looks; look++) {
      for (let glance = 0; glance < GLANCES; glance++) {
        if (!this.#onEvent()) continue;
        this.#budget.paid(look);
        return true;
      }
      this.#yieldProcessor();
    }
    if (looks > 0) this.#budget.failed();
    return false;
  }
}
