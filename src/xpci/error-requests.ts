/** What the back end asks of the front end: to take part in the recovery of functions. */
import type { ErrorAnswer } from '../function/index.js';
import {
  ChannelState,
  Command,
  nameOf,
  RecoveryResult,
  type AerRequest,
  type FrontAerPage,
} from '../xen/pciif/index.js';
import type { ErrorStep } from './function-errors.js';

/** The drivers' side; never rejects. */
export type AnswerRequest = (
  at: { readonly domain: number; readonly bus: number; readonly devfn: number },
  step: ErrorStep,
) => Promise<ErrorAnswer>;

/**
 * Answers one request after the other, each between two turns of the event loop: a driver that is in the middle of
 * something is not called from inside of it.
 */
export class ErrorRequests {
  readonly #page: FrontAerPage;
  readonly #answer: AnswerRequest;
  readonly #notify: () => void;
  #busy = false;
  #closed = false;

  /** Says from now on that requests are answered, whatever drivers there are: for the others that is an answer, too. */
  constructor(page: FrontAerPage, answer: AnswerRequest, notify: () => void) {
    this.#page = page;
    this.#answer = answer;
    this.#notify = notify;
    page.announce();
  }

  /** There may be a request. Cheap where there is none: it is called after every operation. */
  look(): void {
    if (this.#busy || this.#closed || !this.#page.requested) return;
    this.#busy = true;
    setImmediate(() => void this.#serve());
  }

  async #serve(): Promise<void> {
    while (!this.#closed && this.#page.requested) {
      const request = this.#page.copyRequest();
      const step = stepOf(request);
      const answer = step === undefined ? 'none' : await this.#answer(request, step);
      // Whoever closed meanwhile has given the page away. A flag that the back end took back is no request any more.
      if (this.#isClosed() || !this.#page.requested) break;
      this.#page.answer(RecoveryResult[answer]);
      this.#notify();
    }
    this.#busy = false;
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
  }
}

/** Undefined for what is no request of the protocol. */
function stepOf({ command, state }: AerRequest): ErrorStep | undefined {
  switch (command) {
    case Command.aerDetected: {
      const name = nameOf(ChannelState, state);
      return name === undefined ? undefined : { step: 'error_detected', state: name };
    }
    case Command.aerMmio:
      return { step: 'mmio_enabled' };
    case Command.aerSlotReset:
      return { step: 'slot_reset' };
    case Command.aerResume:
      return { step: 'resume' };
    default:
      return undefined;
  }
}
