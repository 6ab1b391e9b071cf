/** Text that may be an address: names that somebody else gave, of files, nodes and properties. */
import { OpenslotError } from './errors.js';
import type { Notation } from './notations.js';

/** What the text says in this notation; undefined where it is not written in it, or says what no address can have. */
export function tryParse<Value>(notation: Notation<Value>, text: string): Value | undefined {
  try {
    return notation.parse(text);
  } catch (error) {
    if (error instanceof OpenslotError) return undefined;
    throw error;
  }
}
