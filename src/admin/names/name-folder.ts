/** The names of one machine's functions on disk: a file for each, so that commands of several terminals lose none. */
import { linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  errnoOf,
  flushFolder,
  makeFolder,
  placeFile,
  readRegularFile,
  turnInFolder,
} from '../../durable/index.js';
import { NamesBusyError, NamesNotWrittenError, NamesUnreadableError } from './errors.js';
import { isFunctionName } from './function-name.js';
import { nameData, parseNameRecord, type NameRecord } from './name-record.js';

const ENDING = '.json';

/** Whoever gives a name has looked at devices of its kind meanwhile, whose product data may take a second each. */
const LONGEST_TURN_SECONDS = 60;

/** Files `NAME.json`, each written as a whole. An absent folder has no names. */
export class NameFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** All that have a record, in order. @throws {NamesUnreadableError} the folder cannot be read. */
  names(): readonly string[] {
    try {
      return readdirSync(this.#folder)
        .filter((file) => file.endsWith(ENDING))
        .map((file) => file.slice(0, -ENDING.length))
        .filter(isFunctionName)
        .sort();
    } catch (cause) {
      const code = errnoOf(cause);
      if (code === 'ENOENT') return [];
      throw new NamesUnreadableError(this.#folder, code, { cause });
    }
  }

  /** Undefined for a name that nobody gave. @throws {NamesUnreadableError} */
  record(name: string): NameRecord | undefined {
    const path = this.#path(name);
    let record: NameRecord;
    try {
      record = parseNameRecord(readRegularFile(path, 'utf8'));
    } catch (cause) {
      const why = errnoOf(cause);
      if (why === 'ENOENT') return undefined;
      throw new NamesUnreadableError(path, why, { cause });
    }
    // A copied file would give two names to one device, and one of them in the dark.
    if (record.name === name) return record;
    throw new NamesUnreadableError(path, `it is the record of the name ${record.name}`);
  }

  /** @throws {NamesUnreadableError} of the first one that cannot be read. */
  records(): readonly NameRecord[] {
    return this.names().flatMap((name) => this.record(name) ?? []);
  }

  /**
   * Alone among those who give names, of this process and others, until it is disposed of: between looking at what has
   * names and giving one nobody else gives one. @throws {NamesBusyError | NamesNotWrittenError | NamesUnreadableError}
   */
  async turn(): Promise<AsyncDisposable> {
    // What is no folder is told as reading tells it, before one is made.
    this.names();
    let turn: AsyncDisposable | undefined;
    try {
      this.#make();
      turn = await turnInFolder('names', this.#folder, LONGEST_TURN_SECONDS * 1000);
    } catch (cause) {
      throw new NamesNotWrittenError(this.#folder, errnoOf(cause), { cause });
    }
    if (turn === undefined) throw new NamesBusyError(this.#folder, LONGEST_TURN_SECONDS);
    return turn;
  }

  /**
   * Durable when it returns. @returns false where the name has a record already: it stays.
   * @throws {NamesNotWrittenError}
   */
  add(record: NameRecord): boolean {
    return this.#keep(record, (next, path) => {
      try {
        linkSync(next, path);
        return true;
      } catch (cause) {
        if (errnoOf(cause) === 'EEXIST') return false;
        throw cause;
      }
    });
  }

  /** In the place of a former record. @throws {NamesNotWrittenError} */
  replace(record: NameRecord): void {
    this.#keep(record, (next, path) => {
      renameSync(next, path);
      return true;
    });
  }

  /** @returns whether there was one. @throws {NamesNotWrittenError} */
  remove(name: string): boolean {
    try {
      rmSync(this.#path(name));
      flushFolder(this.#folder);
      return true;
    } catch (cause) {
      const code = errnoOf(cause);
      if (code === 'ENOENT') return false;
      throw new NamesNotWrittenError(this.#folder, code, { cause });
    }
  }

  #keep(record: NameRecord, place: (next: string, path: string) => boolean): boolean {
    try {
      this.#make();
      const contents = `${JSON.stringify(nameData(record), undefined, 2)}\n`;
      return placeFile(this.#folder, contents, (next) => place(next, this.#path(record.name)));
    } catch (cause) {
      throw new NamesNotWrittenError(this.#folder, errnoOf(cause), { cause });
    }
  }

  #make(): void {
    makeFolder(this.#folder, 0o700);
  }

  #path(name: string): string {
    return join(this.#folder, `${name}${ENDING}`);
  }
}
