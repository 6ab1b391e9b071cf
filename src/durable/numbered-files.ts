/** A folder with a numbered file for each entry, so that commands of several terminals do not write over each other. */
import { linkSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from './errno.js';
import { makeFolder } from './folder.js';
import { flushFolder, placeFile, replaceFile } from './whole-file.js';

const DIGITS = 8;

/** A file is whole and on the disk before it has its number, and a number is given once. A higher one is a later one. */
export class NumberedFiles {
  readonly folder: string;
  readonly #ending: string;
  readonly #name: RegExp;

  /** `ending` without its dot: letters alone. The folder is made with the first file. */
  constructor(folder: string, ending: string) {
    this.folder = folder;
    this.#ending = ending;
    this.#name = new RegExp(`^(\\d{${DIGITS},15})\\.${ending}$`);
  }

  pathOf(number: number): string {
    return join(this.folder, `${String(number).padStart(DIGITS, '0')}.${this.#ending}`);
  }

  /** In order; none where there is no folder. */
  numbers(): readonly number[] {
    return this.#fileNames()
      .flatMap((name) => {
        const [, digits] = this.#name.exec(name) ?? [];
        return digits === undefined ? [] : [Number(digits)];
      })
      .sort((a, b) => a - b);
  }

  /** Durable when it returns. @returns the number of the new file. */
  add(contents: string): number {
    makeFolder(this.folder, 0o700);
    return placeFile(this.folder, contents, (next) => {
      for (let number = (this.numbers().at(-1) ?? 0) + 1; ; number++) {
        try {
          linkSync(next, this.pathOf(number));
          return number;
        } catch (cause) {
          // Another command was quicker.
          if (errnoOf(cause) !== 'EEXIST') throw cause;
        }
      }
    });
  }

  /** Durable when it returns; the former contents stay when it throws. */
  replace(number: number, contents: string): void {
    replaceFile(this.pathOf(number), contents);
  }

  /** Durable when it returns. */
  remove(number: number): void {
    rmSync(this.pathOf(number), { force: true });
    flushFolder(this.folder);
  }

  #fileNames(): readonly string[] {
    try {
      return readdirSync(this.folder);
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT') return [];
      throw cause;
    }
  }
}
