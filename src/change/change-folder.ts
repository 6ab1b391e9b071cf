/** The journal of changes on disk: a folder with a file for each change that is under way. */
import { closeSync, fsyncSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { errnoOf, NumberedFiles, parseChecked, readRegularFile, UnfitDataError } from '../durable/index.js';
import { OpenslotError } from '../pci/index.js';
import type { Change, UnfinishedChange } from './change.js';
import type { ChangeJournal, LeftChange, OpenChange, ReadStep } from './change-journal.js';
import { ChangeNotKeptError, ChangeUnreadableError } from './errors.js';

const PLAN = z.strictObject({
  what: z.string(),
  // What else a step has, its performer knows.
  steps: z.array(z.looseObject({ kind: z.string(), subject: z.string() })),
  when: z.string(),
  process: z.int(),
});

const BEGUN = z.strictObject({ begin: z.int().min(0) });

/**
 * A file has the whole plan in its first line, and one line more for each step before it happens; each is on disk when
 * the step begins. The file goes when nothing is left to do or to undo. A line that a power cut has torn belongs to a
 * step that never began.
 */
export class ChangeFolder implements ChangeJournal {
  readonly #files: NumberedFiles;
  /** Made by this process at this moment. */
  readonly #underWay = new Set<number>();

  constructor(folder: string) {
    this.#files = new NumberedFiles(folder, 'change');
  }

  /** @throws {ChangeNotKeptError} */
  open(change: Change): OpenChange {
    return this.#keep(() => {
      const plan = { ...change, when: new Date().toISOString(), process: process.pid };
      return this.#open(this.#files.add(`${JSON.stringify(plan)}\n`));
    });
  }

  /** @throws {ChangeUnreadableError} */
  unfinished(read: ReadStep = (step) => step): readonly LeftChange[] {
    return this.#numbers()
      .filter((number) => !this.#underWay.has(number))
      .map((number) => ({
        change: this.#read(number, read),
        resume: () =>
          this.#keep(() => {
            const path = this.#files.pathOf(number);
            truncateSync(path, readRegularFile(path).lastIndexOf('\n') + 1);
            return this.#open(number);
          }),
      }));
  }

  #open(number: number): OpenChange {
    const file = openSync(this.#files.pathOf(number), 'a');
    this.#underWay.add(number);
    const leave = () => {
      this.#underWay.delete(number);
      closeSync(file);
    };
    return {
      begin: (step) => {
        this.#keep(() => {
          writeFileSync(file, `${JSON.stringify({ begin: step })}\n`);
          fsyncSync(file);
        });
      },
      end: () => {
        this.#keep(() => {
          this.#files.remove(number);
        });
        leave();
      },
      leave,
    };
  }

  #numbers(): readonly number[] {
    try {
      return this.#files.numbers();
    } catch (cause) {
      throw new ChangeUnreadableError(this.#files.folder, errnoOf(cause), { cause });
    }
  }

  #read(number: number, read: ReadStep): UnfinishedChange {
    const path = this.#files.pathOf(number);
    let line = 0;
    try {
      const [plan = '', ...begun] = readRegularFile(path, 'utf8').split('\n').slice(0, -1);
      line = 1;
      const { steps, ...rest } = parseChecked(PLAN, plan);
      const checked = steps.map((step, index) => read(step, `steps[${index}]`));
      const counts = begun.map((text) => {
        line++;
        return parseChecked(BEGUN, text).begin + 1;
      });
      return { ...rest, steps: checked, begun: Math.max(0, ...counts) };
    } catch (cause) {
      const place = cause instanceof UnfitDataError ? `line ${line}: ` : '';
      throw new ChangeUnreadableError(path, `${place}${errnoOf(cause)}`, { cause });
    }
  }

  #keep<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      if (cause instanceof OpenslotError) throw cause;
      throw new ChangeNotKeptError(this.#files.folder, errnoOf(cause), { cause });
    }
  }
}
