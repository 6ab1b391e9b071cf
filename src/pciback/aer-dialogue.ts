/** Asking one guest, over its shared page, to take part in the recovery of a function. */
import type { PciAddress } from '../pci/index.js';
import {
  ChannelState,
  nameOf,
  RecoveryResult,
  type BackAerPage,
  type RecoveryResult as Result,
} from '../xen/pciif/index.js';
import { Wakeups } from '../xen/store/index.js';
import { STEP_COMMANDS, type ErrorChannel, type RecoveryStep } from './recovery-steps.js';

export interface AerQuestion {
  readonly step: RecoveryStep;
  readonly state: ErrorChannel;
  /** Guest address. */
  readonly at: PciAddress;
  /** Nobody needs the answer any more: the function is on its way back. */
  readonly isMoot: () => boolean;
}

/** `moot`: the question, or the guest, is no more. */
export type AerAnswer =
  | { readonly outcome: 'answered'; readonly result: Result | undefined; readonly number: number }
  | { readonly outcome: 'silent' | 'no_handler' | 'moot' };

/** One question at a time: whoever asks waits for its answer first. Lives as long as the connection. */
export class AerDialogue {
  readonly #page: BackAerPage;
  readonly #notify: () => void;
  readonly #wakeups = new Wakeups();
  #asking = false;
  #closed = false;

  constructor(page: BackAerPage, notify: () => void) {
    this.#page = page;
    this.#notify = notify;
  }

  /** The guest has notified, or a question may have become moot. @returns true when it brought an answer. */
  wake(): boolean {
    if (!this.#asking) return false;
    this.#wakeups.announce();
    return !this.#page.pending;
  }

  /** Waits for the answer within the time. Whatever the guest has written besides its result is not looked at. */
  async ask({ step, state, at, isMoot }: AerQuestion, milliseconds: number): Promise<AerAnswer> {
    const page = this.#page;
    const over = () => this.#closed || isMoot();
    if (over()) return { outcome: 'moot' };
    if (!page.hasHandler) return { outcome: 'no_handler' };
    const deadline = performance.now() + milliseconds;
    this.#asking = true;
    try {
      // The answer to a question that was given up must not be taken for that to the next one.
      if (!(await this.#wakeups.until(() => over() || !page.pending, milliseconds)))
        return { outcome: 'silent' };
      if (over()) return { outcome: 'moot' };
      const { domain, bus, devfn } = at;
      page.post({ command: STEP_COMMANDS[step], state: ChannelState[state], domain, bus, devfn });
      this.#notify();
      const left = deadline - performance.now();
      if (!(await this.#wakeups.until(() => over() || !page.pending, left))) return { outcome: 'silent' };
      if (over()) return { outcome: 'moot' };
      const number = page.result;
      return { outcome: 'answered', result: nameOf(RecoveryResult, number), number };
    } finally {
      this.#asking = false;
    }
  }

  close(): void {
    this.#closed = true;
    this.wake();
  }
}
