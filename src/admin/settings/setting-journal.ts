/** What registers held before a command set them, kept on disk so that another command can undo it. */
import { z } from 'zod';
import { errnoOf, makeFolder, NumberedFiles, parseChecked, readRegularFile } from '../../durable/index.js';
import { OpenslotError } from '../../pci/index.js';

const word = z.int().min(0).max(0xffff_ffff);

const register = z.strictObject({
  /** As it was named. */
  name: z.string(),
  /** In configuration space. */
  offset: z.int().min(0).max(4095),
  width: z.union([z.literal(1), z.literal(2), z.literal(4)]),
  before: word,
  written: word,
  /** Undefined while it is not known whether the write was made: the command ended between. */
  after: word.optional(),
  /** Bits that software sets, among those that were written: what is put back. */
  mask: word,
  /** Bits that are left as they are then; all others are written 0, which does nothing to them. */
  keep: word,
});

const record = z.strictObject({
  address: z.string(),
  identity: z.strictObject({
    vendor: z.int(),
    device: z.int(),
    subsystem: z.string(),
    classCode: z.int(),
    revision: z.int(),
    instance: z.int().optional(),
  }),
  /** When it was set, ISO 8601. */
  when: z.string(),
  registers: z.array(register),
  /** Names of fields that cannot be put back: cleared by a written 1, or a command to the device. */
  lost: z.array(z.string()),
});

/** What tells a device from another one at its address. */
export type FunctionIdentity = z.output<typeof record>['identity'];

export type SetRegister = z.output<typeof register>;

/** What one command set on one function. */
export type SettingRecord = z.output<typeof record>;

/** A record with its number; a higher one is a later one. */
export interface KeptSetting {
  readonly number: number;
  readonly record: SettingRecord;
}

/** A file of the journal does not hold what this program writes. */
export class SettingUnreadableError extends OpenslotError {
  readonly code = 'SETTING_UNREADABLE';
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(
      `the record of what was set cannot be read: ${path}: ${why}`,
      { path, why },
      `look at ${path}; removing it forgets what its registers held before`,
      options,
    );
  }
}

/** The disk does not take what registers hold: before a first write nothing was set, after it the former record stays. */
export class SettingNotKeptError extends OpenslotError {
  readonly code = 'SETTING_NOT_KEPT';
  constructor(folder: string, why: string, options?: ErrorOptions) {
    super(
      `what registers held cannot be kept in ${folder}: ${why}`,
      { folder, why },
      'make room there; what is kept, and is freed by undoing it: openslot undo --list',
      options,
    );
  }
}

/** Older ones are forgotten. */
const MOST_KEPT = 256;

/** A file for each command that set something. */
export class SettingJournal {
  readonly #files: NumberedFiles;

  constructor(folder: string) {
    this.#files = new NumberedFiles(folder, 'json');
  }

  /** Oldest first. @throws {SettingUnreadableError} */
  records(): readonly KeptSetting[] {
    return this.#numbers().flatMap((number) => {
      const found = this.#read(number);
      return found === undefined ? [] : [{ number, record: found }];
    });
  }

  /** Durable when it returns: written before the function is. @throws {SettingNotKeptError} */
  add(record: SettingRecord): number {
    return this.#keep(() => {
      makeFolder(this.#files.folder, 0o700);
      const numbers = this.#numbers();
      for (const number of numbers.slice(0, Math.max(0, numbers.length + 1 - MOST_KEPT))) this.remove(number);
      return this.#files.add(print(record));
    });
  }

  /** @throws {SettingNotKeptError} the former one stays. */
  replace(number: number, record: SettingRecord): void {
    this.#keep(() => {
      this.#files.replace(number, print(record));
    });
  }

  #keep<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      if (cause instanceof OpenslotError) throw cause;
      throw new SettingNotKeptError(this.#files.folder, errnoOf(cause), { cause });
    }
  }

  remove(number: number): void {
    this.#files.remove(number);
  }

  #numbers(): readonly number[] {
    try {
      return this.#files.numbers();
    } catch (cause) {
      throw new SettingUnreadableError(this.#files.folder, errnoOf(cause), { cause });
    }
  }

  /** Undefined where it was undone meanwhile. */
  #read(number: number): SettingRecord | undefined {
    const path = this.#files.pathOf(number);
    try {
      return parseChecked(record, readRegularFile(path, 'utf8'));
    } catch (cause) {
      const why = errnoOf(cause);
      if (why === 'ENOENT') return undefined;
      throw new SettingUnreadableError(path, why, { cause });
    }
  }
}

function print(record: SettingRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}
