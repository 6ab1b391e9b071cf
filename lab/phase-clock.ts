/** Prints how long each phase of a machine's script took, as its console announces them. */
import { seconds } from './progress.js';
import type { ConsoleLine } from './qemu.js';

/** Prints each phase with the seconds it took on the host's clock. */
export class PhaseClock {
  readonly #label: string;
  #name: string;
  #since = 0;

  /** `first` is what comes before the first phase; `label` tells this machine's lines from those of another one. */
  constructor(first: string, label = '') {
    this.#name = first;
    this.#label = label;
  }

  /** @returns the phase that is over by then; undefined when the line announces none. */
  hear(line: ConsoleLine): string | undefined {
    const name = line.text.match(/LAB phase (\S+)/)?.[1];
    if (name === undefined) return undefined;
    const former = this.#name;
    this.finish(line.at);
    this.#name = name;
    this.#since = line.at;
    return former;
  }

  finish(at: number): void {
    if (this.#name !== 'end')
      console.log(
        `  ${`${this.#label} ${this.#name}`.trim().padEnd(31)}${seconds(at - this.#since).padStart(8)}`,
      );
    this.#name = 'end';
  }
}
