/** How long an event channel stays masked whose events bring nothing: a storm of them is slowed down (XSA-331, XSA-332). */

/** Empty events in a row that cost nothing: an answer can be ahead of the event that asked for it. */
const FREE = 32;
/** Longest pause in milliseconds, which is also what the other end waits at most when it asks for something again. */
const LONGEST = 128;

/** Of one channel. Pauses double from a millisecond on, and end with the first event that brings something. */
export class EventThrottle {
  #empty = 0;

  /** @returns milliseconds for which no further event shall be looked at. Allocates nothing. */
  after(served: boolean): number {
    if (served) {
      this.#empty = 0;
      return 0;
    }
    if (++this.#empty <= FREE) return 0;
    const pause = 2 ** (this.#empty - FREE - 1);
    if (pause < LONGEST) return pause;
    this.#empty--;
    return LONGEST;
  }
}
