/** Recovery of the functions in one guest's hands: each failing device's, one after the other. */
import type { ErrorReport } from '../function/index.js';
import { messageOf, type PciAddress } from '../pci/index.js';
import type { AerAnswer, AerQuestion } from './aer-dialogue.js';
import { clearErrorStatus } from './error-status.js';
import type { ExportedFunction } from './exported-function.js';
import { resetForGuest } from './function-reset.js';
import { RecoveryBudget } from './recovery-budget.js';
import type { ErrorPolicy, RecoveryOptions } from './recovery-options.js';
import { mostDemanding, nextStep, type ErrorChannel, type RecoveryStep } from './recovery-steps.js';

/** What becomes of a recovery, told as it happens. */
export type RecoveryEvent =
  | { readonly event: 'error'; readonly report: ErrorReport; readonly address: PciAddress }
  | {
      readonly event: 'recovery_step';
      readonly address: PciAddress;
      readonly step: RecoveryStep;
      readonly answer: string;
    }
  | { readonly event: 'recovered'; readonly address: PciAddress }
  | {
      readonly event: 'recovery_failed';
      readonly address: PciAddress;
      readonly why: string;
      readonly policy: ErrorPolicy;
    };

/** A function with its guest address. */
interface Placed {
  readonly exported: ExportedFunction;
  readonly virtual: PciAddress;
}

/** The guest, as a recovery needs it. */
export interface RecoveringGuest {
  /** What it has now. */
  list(): readonly Placed[];
  /** Undefined when it is not connected. */
  ask(question: AerQuestion, milliseconds: number): Promise<AerAnswer> | undefined;
  /** Carries the policy out, as far as a back end does. */
  respond(exported: ExportedFunction, policy: ErrorPolicy, why: string): Promise<void>;
  tell(event: RecoveryEvent): void;
  /** A fault of ours, or of the store. */
  failed(doing: string, error: unknown): void;
}

/** A report that waits for its turn: of several of one device the worst. */
interface Waiting {
  readonly report: ErrorReport;
  readonly state: ErrorChannel;
}

/**
 * Guests are recovered apart: where one device's functions are in the hands of several, no guest's answer reaches
 * another's function. (Linux merges all answers, so that one guest has another's function reset.)
 */
export class GuestRecovery {
  readonly #guest: RecoveringGuest;
  readonly #options: RecoveryOptions;
  readonly #budget: RecoveryBudget;
  /** By device; so it is never longer than the guest has devices. */
  readonly #waiting = new Map<number, Waiting>();
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(guest: RecoveringGuest, options: RecoveryOptions) {
    this.#guest = guest;
    this.#options = options;
    this.#budget = new RecoveryBudget(options.mostPerHour);
  }

  /** An uncorrectable error; of a device of which this guest has nothing it is none of its business. */
  report(report: ErrorReport): void {
    if (this.#stopped || this.#of(report.address).length === 0) return;
    const device = report.address.sbdf >>> 3;
    const state = report.severity === 'fatal' ? 'frozen' : 'normal';
    if (this.#waiting.get(device)?.state !== 'frozen') this.#waiting.set(device, { report, state });
    this.#running ??= this.#run();
  }

  /** No further step begins; settles when the last one has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    await this.#running;
  }

  #of(address: PciAddress): readonly Placed[] {
    return this.#guest.list().filter(({ exported }) => exported.physical.sharesDevice(address));
  }

  #isGone({ exported }: Placed): boolean {
    return this.#stopped || !this.#guest.list().some((other) => other.exported === exported);
  }

  async #run(): Promise<void> {
    try {
      // The report's own synchronous part ends here: it may come from the middle of an access.
      await Promise.resolve();
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        try {
          await this.#recover(next);
        } catch (error) {
          this.#guest.failed(`recovering ${next.report.address}`, error);
        }
      }
    } finally {
      this.#running = undefined;
    }
  }

  #next(): Waiting | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    this.#waiting.delete(first[0]);
    return first[1];
  }

  async #recover({ report, state }: Waiting): Promise<void> {
    const spent = this.#budget.take(report.address);
    if (spent === 'spent before') return;
    let left = this.#of(report.address);
    for (const { exported } of left) this.#guest.tell({ event: 'error', report, address: exported.physical });
    if (spent === 'spent') {
      // A sibling that another guest has, or the host: its errors are that one's to answer for.
      const own = left.filter(({ exported }) => exported.physical.equals(report.address));
      const why = `it failed more than ${this.#options.mostPerHour} times in an hour`;
      for (const placed of own) await this.#fail(placed, why);
      return;
    }
    for (let step: RecoveryStep = 'error_detected'; left.length > 0;) {
      if (step === 'slot_reset') left = await this.#eachThat(left, (placed) => this.#reset(placed));
      const next = new Map<Placed, RecoveryStep | 'end'>();
      left = await this.#eachThat(left, async (placed) => {
        const following = await this.#ask(placed, step, state);
        if (following !== undefined) next.set(placed, following);
        return following !== undefined;
      });
      if (step === 'resume') break;
      step = mostDemanding([...next.values()].filter((following) => following !== 'end'));
    }
    for (const placed of left) this.#settle(placed);
  }

  /** One after the other: the guest has one page. @returns those for which `step` held. */
  async #eachThat(all: readonly Placed[], step: (placed: Placed) => Promise<boolean>): Promise<Placed[]> {
    const kept: Placed[] = [];
    for (const placed of all) if (!this.#isGone(placed) && (await step(placed))) kept.push(placed);
    return kept;
  }

  /** @returns what follows; undefined when the function is out of this recovery. */
  async #ask(
    placed: Placed,
    step: RecoveryStep,
    state: ErrorChannel,
  ): Promise<RecoveryStep | 'end' | undefined> {
    const answer = await this.#guest.ask(
      // Of the other steps Linux says so, too: what was frozen has been reset by then.
      {
        step,
        state: step === 'error_detected' ? state : 'normal',
        at: placed.virtual,
        isMoot: () => this.#isGone(placed),
      },
      this.#options.answerMs,
    );
    const failed = async (why: string): Promise<undefined> => {
      this.#told(placed, step, why);
      await this.#fail(placed, `${step}: ${why}`);
    };
    if (answer === undefined) return failed('its guest is not connected');
    if (answer.outcome === 'moot') return undefined;
    if (answer.outcome === 'no_handler') return failed('its guest handles no errors');
    if (answer.outcome !== 'answered') return failed(`no answer within ${this.#options.answerMs} ms`);
    const { result, number } = answer;
    if (step === 'resume') {
      this.#told(placed, step, 'done');
      return 'end';
    }
    if (result === undefined) return failed(`the guest answered ${number}, which is no result`);
    const following = nextStep(step, state, result);
    if (following === undefined) return failed(`the guest answered ${result}`);
    this.#told(placed, step, result);
    return following;
  }

  async #reset(placed: Placed): Promise<boolean> {
    try {
      await resetForGuest(placed.exported);
      return true;
    } catch (error) {
      // Taken back in the middle of it: whoever did that resets it.
      if (!this.#isGone(placed)) await this.#fail(placed, messageOf(error));
      return false;
    }
  }

  #settle({ exported }: Placed): void {
    try {
      clearErrorStatus(exported.lease.function.config);
    } catch {
      // It is recovered all the same; the next report names this error beside its own.
    }
    this.#guest.tell({ event: 'recovered', address: exported.physical });
  }

  async #fail({ exported }: Placed, why: string): Promise<void> {
    const { policy } = this.#options;
    const address = exported.physical;
    try {
      await this.#guest.respond(exported, policy, why);
    } catch (error) {
      this.#guest.failed(`answering for ${address}, which was not recovered,`, error);
    }
    if (policy === 'take-back') this.#budget.forget(address);
    this.#guest.tell({ event: 'recovery_failed', address, why, policy });
  }

  #told({ exported }: Placed, step: RecoveryStep, answer: string): void {
    this.#guest.tell({ event: 'recovery_step', address: exported.physical, step, answer });
  }
}
