/** Errors of one function: the driver's handlers, and what they answer. */
import {
  ErrorHandlersTakenError,
  type ErrorAnswer,
  type ErrorHandlers,
  type ErrorRecovery,
  type ErrorState,
} from '../function/index.js';
import type { PciAddress } from '../pci/index.js';

/** One step of the recovery, as the back end asks for it. */
export type ErrorStep =
  | { readonly step: 'error_detected'; readonly state: ErrorState }
  | { readonly step: 'mmio_enabled' | 'slot_reset' | 'resume' };

const ANSWERS: readonly ErrorAnswer[] = ['none', 'can_recover', 'need_reset', 'recovered', 'disconnect'];

export class FunctionErrors implements ErrorRecovery {
  readonly #address: PciAddress;
  readonly #onFailure: (step: ErrorStep['step'], error: unknown) => void;
  #handlers: ErrorHandlers | undefined;

  /** `onFailure` is told of a handler that threw. */
  constructor(address: PciAddress, onFailure: (step: ErrorStep['step'], error: unknown) => void) {
    this.#address = address;
    this.#onFailure = onFailure;
  }

  handle(handlers: ErrorHandlers): Disposable {
    if (this.#handlers !== undefined) throw new ErrorHandlersTakenError(this.#address);
    this.#handlers = handlers;
    return {
      [Symbol.dispose]: () => {
        if (this.#handlers === handlers) this.#handlers = undefined;
      },
    };
  }

  /** As Linux's front end answers: `none` where no driver handles errors. */
  async answer(step: ErrorStep): Promise<ErrorAnswer> {
    const handlers = this.#handlers;
    if (handlers === undefined) return 'none';
    try {
      const answer = await this.#call(handlers, step);
      // A program in JavaScript may have returned anything.
      return ANSWERS.includes(answer) ? answer : 'none';
    } catch (error) {
      this.#onFailure(step.step, error);
      return 'disconnect';
    }
  }

  async #call(handlers: ErrorHandlers, step: ErrorStep): Promise<ErrorAnswer> {
    switch (step.step) {
      case 'error_detected':
        return handlers.errorDetected(step.state);
      case 'mmio_enabled':
        return handlers.mmioEnabled?.() ?? 'recovered';
      case 'slot_reset':
        return handlers.slotReset();
      case 'resume':
        await handlers.resume?.();
        // The protocol takes no answer to it.
        return 'none';
    }
  }
}
