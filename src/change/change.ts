/** A change: what is done to a host as a whole or not at all, as data that a journal keeps. */
import type { Step } from './step.js';

export interface Change {
  /** In words, as the command that asks for it: `claim 0000:0a:00.0`. */
  readonly what: string;
  /** In the order in which they are done; undone in reverse. */
  readonly steps: readonly Step[];
}

/** A change as it is found when nobody makes it any more: its process was killed, or could not undo it. */
export interface UnfinishedChange extends Change {
  /** How many of its steps were begun: the last of them may be done, half done or not done at all. */
  readonly begun: number;
  /** When it was begun, ISO 8601. */
  readonly when: string;
  /** Id of the process that began it. */
  readonly process: number;
}
