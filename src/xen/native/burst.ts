/** Requests that come in a burst: after an answer the next one is looked for a little before the process sleeps. */
import type { OnEvent } from '../platform.js';
import { SpinBudget } from '../spin-budget.js';

/**
 * Glances at the page in a row, at most: some tens of microseconds, about what a sleep and a wake-up take. Where both
 * ends share a processor they are lost, so whether they do is tried only now and then.
 */
const GLANCES = { most: 1500, retry: 1024, spare: 400 };
/** Yields of the processor before the process sleeps, at most. */
const YIELDS = { most: 40, spare: 3 };
/** Requests answered in a row; then everybody else has a turn. */
const REQUESTS = 64;

/** Of an event channel. */
export interface OtherEnd {
  notify(): void;
  /** Both by one hypercall. */
  notifyAndYield(): void;
  /** Lets it have this processor where it waits for it; returns at once where it does not. */
  yieldProcessor(): void;
}

/**
 * A front end's requests follow each other within microseconds: a bus scan is some 350 of them. Sleeping after each
 * costs more than the answer. An end that runs beside us has asked again within so many glances at the page. One that
 * shares our processor cannot before it is offered the processor, which takes a hypercall; then its request is there.
 */
export class Burst {
  readonly #onEvent: OnEvent;
  readonly #end: OtherEnd;
  readonly #glances = new SpinBudget(GLANCES);
  readonly #yields = new SpinBudget(YIELDS);
  #answering = false;
  /** The handler has notified; the event is still to be sent. */
  #owed = false;

  constructor(onEvent: OnEvent, end: OtherEnd) {
    this.#onEvent = onEvent;
    this.#end = end;
    // Hopeful at first: a whole try may fall to a request that nothing follows.
    this.#glances.paid(0);
  }

  /** At once, or, for a handler that is just at work, when it has done it: alone or with a yield. */
  notify(): void {
    if (this.#answering) this.#owed = true;
    else this.#end.notify();
  }

  /**
   * Answers what waits, and what comes soon after it. Whoever asks later, or is put off, sends an event.
   * @returns false when nothing waited.
   */
  answer(): boolean {
    this.#answering = true;
    try {
      if (!this.#onEvent()) return false;
      let yields = this.#yields.first();
      for (let requests = 1; requests < REQUESTS && this.#answerNext(yields); requests++)
        yields = this.#yields.next();
      return true;
    } finally {
      this.#answering = false;
      this.#settle();
    }
  }

  /** @returns false when nothing came. At least one yield is made: it costs little beside the sleep that it may save. */
  #answerNext(yields: number): boolean {
    const glances = this.#glances.first();
    if (glances > 0 && this.#glance(glances)) {
      this.#yields.paid(0);
      return true;
    }
    for (let turn = 0; turn === 0 || turn < yields; turn++) {
      this.#yield();
      if (!this.#onEvent()) continue;
      // Told only of a request that came: one that did not says nothing of who runs where.
      if (glances > 0) this.#glances.failed();
      this.#yields.paid(turn);
      return true;
    }
    this.#yields.failed();
    return false;
  }

  #glance(glances: number): boolean {
    this.#settle();
    for (let glance = 0; glance < glances; glance++) {
      if (!this.#onEvent()) continue;
      this.#glances.paid(glance);
      return true;
    }
    return false;
  }

  #settle(): void {
    if (!this.#owed) return;
    this.#owed = false;
    this.#end.notify();
  }

  #yield(): void {
    if (!this.#owed) {
      this.#end.yieldProcessor();
      return;
    }
    this.#owed = false;
    this.#end.notifyAndYield();
  }
}
