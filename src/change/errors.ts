/** Refusals of changes, and what is said when one could not be taken back. */
import { messageOf, OpenslotError, reasonOf } from '../pci/index.js';

/** One step that could not be undone. */
export interface FailedUndo {
  /** In words: `bind 0000:0a:00.0 to e1000e again`. */
  readonly what: string;
  readonly error: unknown;
}

/** A change failed, and so did undoing it: the host is neither as before nor as wished. */
export class RollbackFailedError extends OpenslotError {
  readonly code = 'ROLLBACK_FAILED';
  constructor(what: string, cause: unknown, failures: readonly FailedUndo[]) {
    const why = messageOf(cause);
    const left = failures.map(({ what: undo, error }) => `${undo}: ${reasonOf(error)}`);
    super(
      `${what}: ${why}; and the host could not be put back: ${left.join('; ')}`,
      { what, cause: why, rollback: left },
      'when the reason is gone: openslot recover',
      { cause },
    );
  }
}

/** The disk does not take what is about to be changed: nothing is changed then that it does not know of. */
export class ChangeNotKeptError extends OpenslotError {
  readonly code = 'CHANGE_NOT_KEPT';
  constructor(folder: string, why: string, options?: ErrorOptions) {
    super(
      `the change cannot be written down in ${folder} (${why}), so it is not made`,
      { folder, why },
      `make room in ${folder}, or make it writable`,
      options,
    );
  }
}

/** A file of the journal does not hold what this program writes. */
export class ChangeUnreadableError extends OpenslotError {
  readonly code = 'CHANGE_UNREADABLE';
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(
      `the record of a change cannot be read: ${path}: ${why}`,
      { path, why },
      `look at ${path}; moving it away forgets what is to be undone`,
      options,
    );
  }
}

/** A change was interrupted, and what it is about is not changed again before that is settled. */
export class ChangeUnfinishedError extends OpenslotError {
  readonly code = 'CHANGE_UNFINISHED';
  constructor(subject: string, what: string, process: number, when: string) {
    super(
      `${subject} is in the middle of a change: process ${process} began "${what}" at ${when} and did not end it`,
      { subject, what, process, when },
      'take it back: openslot recover; go on with it: openslot recover --finish',
    );
  }
}

/** A record of a change names a kind of step that this program does not know: it is of a newer one. */
export class StepUnknownError extends OpenslotError {
  readonly code = 'STEP_UNKNOWN';
  constructor(kind: string) {
    super(
      `there is no step "${kind}" that this openslot could make or undo`,
      { kind },
      'run the version that began the change; this one: openslot --version',
    );
  }
}
