/** Facts: what dom0's scripts found out, as named values. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One phase's facts and files, or those outside of all phases. */
export interface PhaseFacts {
  /** Undefined when the scripts did not get that far. Several lines of one name are one value. */
  get(name: string): string | undefined;
  /** Text of a file that the scripts left; empty when they did not. */
  file(name: string): string;
}

export class Facts implements PhaseFacts {
  readonly #values = new Map<string, string>();
  readonly #folder: string;

  /** @param folder the run's work folder, with the file of facts and the logs beside it. */
  constructor(folder: string) {
    this.#folder = folder;
    for (const line of this.file('facts.txt').split('\n').filter(Boolean)) {
      const [name = '', ...value] = line.split('\t');
      const before = this.#values.get(name);
      this.#values.set(name, (before === undefined ? '' : `${before}\n`) + value.join('\t'));
    }
  }

  /** Those of a phase of the scenario: its names begin with the phase's, and its files are in a folder of that name. */
  of(phase: string): PhaseFacts {
    return {
      get: (name) => this.get(`${phase}.${name}`),
      file: (name) => this.file(join(phase, name)),
    };
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  file(name: string): string {
    const path = join(this.#folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }
}
