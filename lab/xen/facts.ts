/** Facts: what dom0's scripts found out, as named values. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export class Facts {
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

  /** Undefined when the scripts did not get that far. Several lines of one name are one value. */
  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** Text of a file that the scripts left; empty when they did not. */
  file(name: string): string {
    const path = join(this.#folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }
}
