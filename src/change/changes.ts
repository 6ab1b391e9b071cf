/** The engine of all changes: each step written down before it happens, and all of them done or none. */
import { checked } from '../durable/index.js';
import { messageOf } from '../pci/index.js';
import type { Change, UnfinishedChange } from './change.js';
import type { ChangeJournal, LeftChange, OpenChange } from './change-journal.js';
import { ChangeUnfinishedError, RollbackFailedError, StepUnknownError, type FailedUndo } from './errors.js';
import type { Step, StepPerformer } from './step.js';

/** A step in words, with its undo, as a plan lists it. */
export interface DescribedStep {
  readonly what: string;
  /** Absent where nothing has to be undone. */
  readonly undo?: string;
}

/** What became of one change that was found unfinished. */
export interface Recovery {
  readonly change: UnfinishedChange;
  readonly outcome: 'undone' | 'finished' | 'failed';
  /** Why it failed; it can be tried again. */
  readonly why: readonly string[];
}

export class Changes {
  readonly #journal: ChangeJournal;
  readonly #performers = new Map<string, StepPerformer>();

  constructor(journal: ChangeJournal, performers: readonly StepPerformer[] = []) {
    this.#journal = journal;
    this.learn(performers);
  }

  /** Steps of these kinds are made by them from now on. */
  learn(performers: readonly StepPerformer[]): void {
    for (const performer of performers) this.#performers.set(performer.kind, performer);
  }

  /** A kind that nobody here makes is told by its name. */
  describe(steps: readonly Step[]): readonly DescribedStep[] {
    return steps.map((step) => {
      const undo = this.#performers.get(step.kind)?.describeUndo(step);
      return { what: this.#words(step), ...(undo === undefined ? {} : { undo }) };
    });
  }

  /**
   * Makes a change, or leaves the host as it was.
   * @throws {Error} what a step met: everything is undone then.
   * @throws {RollbackFailedError} not everything could be; {@link recover} tries it again.
   * @throws {ChangeNotKeptError} the journal does not take it: nothing is changed.
   * @throws {ChangeUnfinishedError} something of it is in the middle of an earlier change.
   */
  async apply(change: Change): Promise<void> {
    this.checkFinished(new Set(change.steps.map(({ subject }) => subject)));
    const open = this.#journal.open(change);
    let begun = 0;
    try {
      for (const [index, step] of change.steps.entries()) {
        const performer = this.#performer(step);
        open.begin(index);
        begun = index + 1;
        await performer.apply(step);
      }
      open.end();
    } catch (cause) {
      const failures = await this.#undo(change.steps.slice(0, begun), open);
      if (failures.length > 0) throw new RollbackFailedError(change.what, cause, failures);
      throw cause;
    }
  }

  /** @throws {ChangeUnreadableError} the record of one is damaged. */
  unfinished(): readonly UnfinishedChange[] {
    return this.#left().map(({ change }) => change);
  }

  /**
   * Settles what was left unfinished, the last change first when it is undone. Safe to repeat, and to be stopped.
   * @throws {ChangeUnreadableError} the record of one is damaged: nothing is done of any.
   */
  async recover(way: 'back' | 'forth'): Promise<readonly Recovery[]> {
    const left = this.#left();
    const recoveries: Recovery[] = [];
    for (const one of way === 'back' ? left.toReversed() : left) {
      const { change } = one;
      const open = one.resume();
      const why = way === 'back' ? await this.#takeBack(change, open) : await this.#goOn(change, open);
      const outcome = why.length > 0 ? 'failed' : way === 'back' ? 'undone' : 'finished';
      recoveries.push({ change, outcome, why });
    }
    return recoveries;
  }

  async #takeBack({ steps, begun }: UnfinishedChange, open: OpenChange): Promise<readonly string[]> {
    const failures = await this.#undo(steps.slice(0, begun), open);
    return failures.map(({ what, error }) => `${what}: ${messageOf(error)}`);
  }

  /** From its first step on: what is done already is left by the performers, whatever undid a part of it. */
  async #goOn({ steps }: UnfinishedChange, open: OpenChange): Promise<readonly string[]> {
    for (const [index, step] of steps.entries()) {
      try {
        open.begin(index);
        await this.#performer(step).apply(step);
      } catch (error) {
        open.leave();
        return [`${this.#words(step)}: ${messageOf(error)}`];
      }
    }
    endOrLeave(open);
    return [];
  }

  /** Last begun, first undone. @returns what could not be undone; the change stays written down then. */
  async #undo(begun: readonly Step[], open: OpenChange): Promise<readonly FailedUndo[]> {
    const failures: FailedUndo[] = [];
    const stuck = new Set<string>();
    for (const step of begun.toReversed()) {
      if (stuck.has(step.subject)) continue;
      try {
        await this.#performer(step).undo(step);
      } catch (error) {
        stuck.add(step.subject);
        failures.push({ what: this.#undoWords(step), error });
      }
    }
    if (failures.length > 0) open.leave();
    else endOrLeave(open);
    return failures;
  }

  /** @throws {ChangeUnfinishedError} one of these is in the middle of a change that nobody makes any more. */
  checkFinished(subjects: ReadonlySet<string>): void {
    for (const { what, process, when, steps: left } of this.unfinished()) {
      const common = left.find(({ subject }) => subjects.has(subject));
      if (common !== undefined) throw new ChangeUnfinishedError(common.subject, what, process, when);
    }
  }

  /** A kind that nobody here makes is read as it is: it is of a newer openslot, and left to that. */
  #left(): readonly LeftChange[] {
    return this.#journal.unfinished((step, field) => {
      const performer = this.#performers.get(step.kind);
      return performer === undefined ? step : checked(performer.shape, step, field);
    });
  }

  #performer({ kind }: Step): StepPerformer {
    const performer = this.#performers.get(kind);
    if (performer === undefined) throw new StepUnknownError(kind);
    return performer;
  }

  #words(step: Step): string {
    return this.#performers.get(step.kind)?.describe(step) ?? step.kind;
  }

  #undoWords(step: Step): string {
    return this.#performers.get(step.kind)?.describeUndo(step) ?? this.#words(step);
  }
}

/** A record that cannot be removed is of a change that is settled: recovering it again does nothing. */
function endOrLeave(open: OpenChange): void {
  try {
    open.end();
  } catch {
    open.leave();
  }
}
