/** The journal of changes on disk: a folder with a file for each change that is under way. */
import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { errnoOf, NumberedFiles } from '../durable/index.js';
import { OpenslotError } from '../pci/index.js';
import type { Change, UnfinishedChange } from './change.js';
import type { ChangeJournal, LeftChange, OpenChange } from './change-journal.js';
import { ChangeNotKeptError, ChangeUnreadableError } from './errors.js';
import type { Step } from './step.js';

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
  unfinished(): readonly LeftChange[] {
    return this.#numbers()
      .filter((number) => !this.#underWay.has(number))
      .map((number) => ({
        change: this.#read(number),
        resume: () =>
          this.#keep(() => {
            const path = this.#files.pathOf(number);
            truncateSync(path, readFileSync(path).lastIndexOf('\n') + 1);
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

  #read(number: number): UnfinishedChange {
    const path = this.#files.pathOf(number);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      throw new ChangeUnreadableError(path, errnoOf(cause), {
        cause,
      });
    }
    const [plan = '', ...begun] = text.split('\n').slice(0, -1);
    try {
      return {
        ...planOf(JSON.parse(plan)),
        begun: begun.reduce((most, line) => Math.max(most, stepOf(JSON.parse(line)) + 1), 0),
      };
    } catch (cause) {
      throw new ChangeUnreadableError(path, 'it is not what openslot writes', { cause });
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

/** @throws {TypeError} it is no plan. */
function planOf(value: unknown): Omit<UnfinishedChange, 'begun'> {
  if (typeof value !== 'object' || value === null) throw new TypeError('no object');
  const { what, steps, when, process } = value as Record<string, unknown>;
  if (typeof what !== 'string' || typeof when !== 'string' || typeof process !== 'number')
    throw new TypeError('no plan');
  if (!Array.isArray(steps) || !steps.every(isStep)) throw new TypeError('no steps');
  return { what, steps, when, process };
}

function isStep(value: unknown): value is Step {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, subject } = value as Record<string, unknown>;
  return typeof kind === 'string' && typeof subject === 'string';
}

/** @throws {TypeError} */
function stepOf(value: unknown): number {
  const step = (value as { begin?: unknown } | null)?.begin;
  if (typeof step !== 'number' || !Number.isSafeInteger(step) || step < 0) throw new TypeError('no step');
  return step;
}
