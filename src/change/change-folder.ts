/** The journal of changes on disk: a folder with a file for each change that is under way. */
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { OpenslotError } from '../pci/index.js';
import type { Change, UnfinishedChange } from './change.js';
import type { ChangeJournal, LeftChange, OpenChange } from './change-journal.js';
import { ChangeNotKeptError, ChangeUnreadableError } from './errors.js';
import type { Step } from './step.js';

const NAME = /^(\d{8,15})\.change$/;

/**
 * A file has the whole plan in its first line, and one line more for each step before it happens; each is on disk when
 * the step begins. The file goes when nothing is left to do or to undo. A line that a power cut has torn belongs to a
 * step that never began.
 */
export class ChangeFolder implements ChangeJournal {
  readonly #folder: string;
  /** Made by this process at this moment. */
  readonly #underWay = new Set<number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws {ChangeNotKeptError} */
  open(change: Change): OpenChange {
    return this.#keep(() => {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      const number = this.#add({ ...change, when: new Date().toISOString(), process: process.pid });
      return this.#open(number);
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
            const path = this.#path(number);
            truncateSync(path, readFileSync(path).lastIndexOf('\n') + 1);
            return this.#open(number);
          }),
      }));
  }

  #open(number: number): OpenChange {
    const file = openSync(this.#path(number), 'a');
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
          rmSync(this.#path(number), { force: true });
          this.#flush();
        });
        leave();
      },
      leave,
    };
  }

  /** @returns the number of the new change; its file is whole and on disk before it has its name. */
  #add(plan: Omit<UnfinishedChange, 'begun'>): number {
    const next = join(this.#folder, `next-${process.pid}`);
    rmSync(next, { force: true });
    try {
      // Made anew, never followed: nobody else's file is written through a link.
      writeFileSync(next, `${JSON.stringify(plan)}\n`, { mode: 0o600, flush: true, flag: 'wx' });
      for (let number = (this.#numbers().at(-1) ?? 0) + 1; ; number++) {
        try {
          linkSync(next, this.#path(number));
          this.#flush();
          return number;
        } catch (cause) {
          if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
        }
      }
    } finally {
      rmSync(next, { force: true });
    }
  }

  #numbers(): readonly number[] {
    let names: readonly string[];
    try {
      names = readdirSync(this.#folder);
    } catch (cause) {
      const { code = String(cause) } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT') return [];
      throw new ChangeUnreadableError(this.#folder, code, { cause });
    }
    return names
      .flatMap((name) => {
        const [, digits] = NAME.exec(name) ?? [];
        return digits === undefined ? [] : [Number(digits)];
      })
      .sort((a, b) => a - b);
  }

  #read(number: number): UnfinishedChange {
    const path = this.#path(number);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      throw new ChangeUnreadableError(path, (cause as NodeJS.ErrnoException).code ?? String(cause), {
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

  /** The name is on disk, too. */
  #flush(): void {
    const folder = openSync(this.#folder, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }

  #keep<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      if (cause instanceof OpenslotError) throw cause;
      const { code = String(cause) } = cause as NodeJS.ErrnoException;
      throw new ChangeNotKeptError(this.#folder, code, { cause });
    }
  }

  #path(number: number): string {
    return join(this.#folder, `${String(number).padStart(8, '0')}.change`);
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
