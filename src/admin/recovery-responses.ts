/** The tool stack's half of the error policy: what becomes of a guest that has not recovered its function. */
import type { PcibackEvent } from '../pciback/index.js';
import type { DomainId } from '../xen/domain.js';
import type { Attachments } from './attachments.js';
import { FunctionNotAttachedError, GuestGoneError, GuestUnknownError, PairChangedError } from './errors.js';

/** What it may do to guests, and whom it tells where that fails. */
export interface RecoveryResponsesOptions {
  readonly attachments: Attachments;
  /** Ends a guest; absent where other tool stacks have made the guests, and end them. */
  readonly destroy?: (guest: DomainId) => Promise<void>;
  readonly onError: (doing: string, error: unknown) => void;
}

/** Follows the back end's events; waited for when it is disposed of. */
export class RecoveryResponses implements AsyncDisposable {
  readonly #options: RecoveryResponsesOptions;
  readonly #running = new Set<Promise<void>>();

  constructor(options: RecoveryResponsesOptions) {
    this.#options = options;
  }

  /** What the back end has told. */
  heard(event: PcibackEvent): void {
    if (event.event !== 'recovery_failed') return;
    const { guest, address, policy } = event;
    if (policy === 'take-back')
      this.#do(`taking ${address} off guest ${guest}'s list`, () => this.#takeOff(event));
    if (policy === 'kill-guest' && this.#options.destroy !== undefined)
      this.#do(`ending guest ${guest}`, async () => this.#options.destroy?.(guest));
  }

  /** The back end has the function back already; the guest's grants, and its place in the list, are ours to end. */
  async #takeOff({ guest, address }: PcibackEvent & { readonly event: 'recovery_failed' }): Promise<void> {
    const { attachments, onError } = this.#options;
    const { unsettled } = await attachments.detach(guest, address, { force: true });
    for (const what of unsettled) onError(`taking ${address} back from guest ${guest}`, new Error(what));
  }

  #do(doing: string, step: () => Promise<void>): void {
    const running = step().catch((error: unknown) => {
      // It has ended meanwhile, or somebody else has detached the function.
      const over = [FunctionNotAttachedError, GuestGoneError, GuestUnknownError, PairChangedError];
      if (!over.some((kind) => error instanceof kind)) this.#options.onError(doing, error);
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  /** Settles when nothing is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running);
  }
}
