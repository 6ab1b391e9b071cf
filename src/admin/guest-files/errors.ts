/** Refusals of edits of guests' files. */
import { OpenslotError } from '../../pci/index.js';

/** There is no such file: nothing is made up that a guest would be started from. */
export class GuestFileAbsentError extends OpenslotError {
  readonly code = 'GUEST_FILE_ABSENT';
  constructor(file: string) {
    super(`there is no ${file}`, { file });
  }
}

/** The format has no way to say what was asked, or openslot does not write it. */
export class GuestFileSpecError extends OpenslotError {
  readonly code = 'GUEST_FILE_SPEC';
  constructor(file: string, spec: string, why: string, next: string) {
    super(`${spec} is not written to ${file}: ${why}`, { file, spec, why }, next);
  }
}

/** The file has the function already, in another way than asked. */
export class GuestFileHasFunctionError extends OpenslotError {
  readonly code = 'GUEST_FILE_HAS_FUNCTION';
  /** `entry` is how it stands there; `next` the command that helps. */
  constructor(file: string, target: string, entry: string, next: string) {
    super(`${file} has ${target} as ${entry}`, { file, function: target, entry }, next);
  }
}

/** The file does not give the function to its guest. */
export class GuestFileLacksFunctionError extends OpenslotError {
  readonly code = 'GUEST_FILE_LACKS_FUNCTION';
  constructor(file: string, target: string, entries: readonly string[]) {
    const has = entries.length === 0 ? 'no function' : entries.join(', ');
    super(`${file} does not give ${target} to its guest: it has ${has}`, { file, function: target, entries });
  }
}

/** With the edit made the file's reader would do something else than the file says. */
export class GuestFileUnsoundError extends OpenslotError {
  readonly code = 'GUEST_FILE_UNSOUND';
  constructor(file: string, reader: string, findings: readonly string[]) {
    super(
      `with this edit ${reader} would not do what ${file} says:${findings.map((finding) => `\n  ${finding}`).join('')}`,
      { file, findings },
      `what is wrong with it now: openslot lint ${file}`,
    );
  }
}
