/** Refusals of what stands in boot options. */
import { OpenslotError } from '../pci/index.js';
import { describeHideFinding } from './hide-findings.js';
import type { HideDialect, HideList } from './hide-list.js';
import { patternText, type HidePattern } from './hide-pattern.js';

const SYSTEM: Readonly<Record<HideDialect, string>> = { netbsd: 'NetBSD', linux: 'Linux' };

/** A hide list would not do what it says. */
export class HideListUnsoundError extends OpenslotError {
  readonly code = 'HIDE_LIST_UNSOUND';
  constructor({ dialect, value, findings }: HideList) {
    const wrong = findings.filter(({ severity }) => severity !== 'warning');
    const lines = wrong.map((finding) => describeHideFinding(dialect, finding));
    super(
      `${SYSTEM[dialect]} would not hide what the list says: ${lines.join('; ')}`,
      { dialect, value, codes: wrong.map(({ code }) => code), findings: lines },
      `all that is read in it: openslot hide-list --from ${dialect} TEXT`,
    );
  }
}

/** A system's hide list has no way to say it, or no room. */
export class HideListLimitError extends OpenslotError {
  readonly code = 'HIDE_LIST_LIMIT';
  /** What does not fit: one pattern, or a number of functions. */
  constructor(dialect: HideDialect, what: HidePattern | number, why: string) {
    const text = typeof what === 'number' ? `${what} elements` : patternText(what);
    const wildcard = typeof what !== 'number' && (what.device === undefined || what.function === undefined);
    super(
      `${SYSTEM[dialect]} cannot be told to hide ${text}: ${why}`,
      { dialect, what: text, why },
      wildcard ? 'add --on linux (or another machine): its functions stand for the wildcard' : '',
    );
  }
}

/** A hide list that may be of either system, and nobody says of which. */
export class HideNotationError extends OpenslotError {
  readonly code = 'HIDE_LIST_NOTATION';
  constructor() {
    super(
      'NetBSD and Linux read a hide list differently, and the text alone does not say for whom it is',
      { known: ['netbsd', 'linux'] },
      'add --from netbsd or --from linux',
    );
  }
}

/** Neither the file's name nor anybody says what kind of file it is. */
export class BootFileKindError extends OpenslotError {
  readonly code = 'BOOT_FILE_KIND';
  constructor(file: string, known: readonly string[]) {
    super(
      `the name of ${file} does not say what reads it`,
      { file, known },
      `add --as KIND: ${known.join(', ')}`,
    );
  }
}

/** A boot file cannot be read. */
export class BootFileUnreadableError extends OpenslotError {
  readonly code = 'BOOT_FILE_UNREADABLE';
  constructor(file: string, errno: string, options?: ErrorOptions) {
    super(`${file} cannot be read: ${errno}`, { file, errno }, '', options);
  }
}

/** A file's format has no way to say something, so nothing is written. */
export class UnwritableValueError extends OpenslotError {
  readonly code = 'BOOT_VALUE_UNWRITABLE';
  /** `file` in words, such as `a file of driverctl`. */
  constructor(file: string, value: string, why: string) {
    super(`${file} cannot say ${JSON.stringify(value)}: ${why}`, { file, value, why });
  }
}

/** A file is such that functions cannot be hidden in it, or shown again, by an edit. */
export class BootFileUneditableError extends OpenslotError {
  readonly code = 'BOOT_FILE_UNEDITABLE';
  /** `kind` is that of the file; `line` where it stands, from 1. */
  constructor(kind: string, why: string, line?: number, next = '') {
    super(
      `this ${kind} cannot be edited${line === undefined ? '' : `, line ${line}`}: ${why}`,
      { kind, why, ...(line === undefined ? {} : { line }) },
      next,
    );
  }
}

/** The file with the edit made would not do what it says: its reader's limits, or what stands around the edit. */
export class BootFileLimitError extends OpenslotError {
  readonly code = 'BOOT_FILE_LIMIT';
  /** `findings` are told with their lines, of the file as it would be. */
  constructor(kind: string, reader: string, findings: readonly string[]) {
    super(
      `with this edit ${reader} would not do what the ${kind} says:${findings.map((finding) => `\n  ${finding}`).join('')}`,
      { kind, findings },
      'hide fewer functions, or mend the line; what is wrong with it now: openslot lint FILE',
    );
  }
}
