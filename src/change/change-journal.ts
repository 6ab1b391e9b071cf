/** Where changes are written down while they are made: the interface, and the one of machines that forget with the process. */
import type { Change, UnfinishedChange } from './change.js';
import type { Step } from './step.js';

/** One change in its journal, from before its first step to its end. */
export interface OpenChange {
  /** Durable when it returns: written before the step, counted from 0, happens. */
  begin(step: number): void;
  /** Nothing of it is to be done or undone any more: it is whole, or as if it had not been. */
  end(): void;
  /** The process gives up: what was begun stays written down for {@link ChangeJournal.unfinished}. */
  leave(): void;
}

export interface LeftChange {
  readonly change: UnfinishedChange;
  /** Takes it up again, to undo it or to go on with it. */
  resume(): OpenChange;
}

/** @param field where the step stands in what is read. @throws {UnfitDataError} it is not what is written there. */
export type ReadStep = (step: Step, field: string) => Step;

/** Used by one process at a time: whoever owns what the changes are about. */
export interface ChangeJournal {
  /** Keeps the whole plan; durable when it returns. */
  open(change: Change): OpenChange;
  /**
   * Oldest first; without those that this process makes at this moment.
   * @param read checks each step that a former process wrote, before anything is done with one of them.
   */
  unfinished(read?: ReadStep): readonly LeftChange[];
}

/** For machines that forget with the process; what could not be undone is still there to be tried again. */
export class MemoryChangeJournal implements ChangeJournal {
  readonly #left = new Set<UnfinishedChange>();

  open(change: Change): OpenChange {
    return this.#open({ ...change, begun: 0, when: new Date().toISOString(), process: process.pid });
  }

  unfinished(): readonly LeftChange[] {
    return [...this.#left].map((change) => ({
      change,
      resume: () => {
        this.#left.delete(change);
        return this.#open(change);
      },
    }));
  }

  #open(change: UnfinishedChange): OpenChange {
    let { begun } = change;
    return {
      begin: (step) => {
        begun = Math.max(begun, step + 1);
      },
      end: () => undefined,
      leave: () => {
        this.#left.add({ ...change, begun });
      },
    };
  }
}
