/** Why a desired state is none, or cannot be had: nothing is changed then. */
import { OpenslotError, remedyLine, type PciAddress } from '../../pci/index.js';

/** One thing in a file that has no form. */
export interface DesiredStateFault {
  readonly why: string;
  /** From 1 on; undefined where it is no line's. */
  readonly line?: number | undefined;
}

/** More are counted: a file of another kind has thousands. */
const MOST_FAULTS = 100;

/** A file is no desired state. All that has no form in it is told at once. */
export class DesiredStateError extends OpenslotError {
  readonly code = 'DESIRED_STATE_MALFORMED';
  constructor(file: string, faults: readonly [DesiredStateFault, ...DesiredStateFault[]]) {
    const [{ why, line }] = faults;
    const told = faults
      .slice(0, MOST_FAULTS)
      .map((fault) => `${fault.line === undefined ? file : `${file}:${fault.line}`}: ${fault.why}`);
    const more = faults.length > MOST_FAULTS ? [`and ${faults.length - MOST_FAULTS} more`] : [];
    super(
      [...told, ...more].join('\n  '),
      { file, why, ...(line === undefined ? {} : { line }), faults: told },
      'openslot schema apply',
    );
  }
}

/** The file cannot be read. */
export class DesiredStateUnreadableError extends OpenslotError {
  readonly code = 'DESIRED_STATE_UNREADABLE';
  constructor(file: string, errno: string, options?: ErrorOptions) {
    super(`${file} cannot be read: ${errno}`, { file, errno }, 'openslot apply FILE', options);
  }
}

/** One thing that stands against a desired state. */
export interface Conflict {
  /** Where the function stands in the file: `FILE:LINE`. */
  readonly where: string;
  readonly why: string;
  readonly next: string;
}

/** What is wanted cannot be had as the host is now. All that stands against it is told at once. */
export class DesiredStateConflictError extends OpenslotError {
  readonly code = 'DESIRED_STATE_CONFLICT';
  constructor(conflicts: readonly Conflict[]) {
    const lines = conflicts.map(({ where, why, next }) => `\n  ${where}: ${why}${remedyLine(next)}`);
    super(
      `nothing was changed: the host is not so that this can be had:${lines.join('')}`,
      { conflicts: conflicts.map(({ where, why }) => `${where}: ${why}`) },
      'change the file or the host',
    );
  }
}

/** What was met could not be taken back as a whole. */
export class ApplyHalfDoneError extends OpenslotError {
  readonly code = 'APPLY_HALF_DONE';
  constructor(cause: string, left: readonly string[], options?: ErrorOptions) {
    super(
      `${cause}; what was done before it could not be taken back: ${left.join('; ')}`,
      { cause, left },
      'openslot recover; then go on from where it was: openslot apply FILE',
      options,
    );
  }
}

/** A function stands twice in a desired state. */
export function twiceConflict(where: string, address: PciAddress): Conflict {
  return { where, why: `${address} stands in it before`, next: 'say all of it in one place' };
}

/** Policies are kept for devices by their ids: two functions of the same ids have one. */
export function policiesConflict(where: string, device: string, other: string): Conflict {
  return { where, why: `another policy is wanted for ${device} above: ${other}`, next: 'say one of them' };
}
