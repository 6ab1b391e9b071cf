/**
 * Asks an lspci for a dump's text where it may not come to its end: on spaces that are damaged enough, C programs stop or
 * crash. The functions that it stops at are found by halving, and the text is that of all others.
 */
import { LabFailure } from '../failure.js';
import type { Judge } from './judge.js';

export interface ReadAround {
  readonly text: string;
  /** The functions of the dump that the text is of. */
  readonly functions: readonly string[];
  /** How many it does not come through. */
  readonly left: number;
}

/** The dump's functions, each with the blank line that ends it. */
export function functionsOf(dump: string): readonly string[] {
  return dump.split(/(?<=\n\n)/).filter((one) => one !== '');
}

/** One judge with one dump; what it did not come through once is tried first where it stops again. */
export class AroundReader {
  readonly #judge: Judge;
  readonly #functions: readonly string[];
  #good: readonly string[];

  constructor(judge: Judge, functions: readonly string[]) {
    this.#judge = judge;
    this.#functions = functions;
    this.#good = functions;
  }

  read(args: readonly string[]): ReadAround {
    const whole = this.#attempt(this.#functions, args);
    if (whole !== undefined) return { text: whole, functions: this.#functions, left: 0 };
    const text = this.#attempt(this.#good, args);
    if (text === undefined) this.#good = this.#halved(this.#good, args);
    const functions = this.#good;
    const left = this.#functions.length - functions.length;
    return { text: text ?? this.#judge.read(functions.join(''), args), functions, left };
  }

  #halved(functions: readonly string[], args: readonly string[]): readonly string[] {
    if (this.#attempt(functions, args) !== undefined) return functions;
    if (functions.length <= 1) return [];
    const middle = functions.length >> 1;
    return [functions.slice(0, middle), functions.slice(middle)].flatMap((half) => this.#halved(half, args));
  }

  #attempt(functions: readonly string[], args: readonly string[]): string | undefined {
    try {
      return this.#judge.read(functions.join(''), args);
    } catch (error) {
      if (error instanceof LabFailure) return undefined;
      throw error;
    }
  }
}
