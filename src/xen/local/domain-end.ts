/** How a domain came to its end, told in words that can be shown: what its program threw is data like any other. */
import { inspect } from 'node:util';

export type DomainEnd =
  | { readonly how: 'exit'; readonly code: number }
  /** Its program threw what nobody caught, or its heap was full, or it did what no domain does. */
  | { readonly how: 'crash'; readonly error: Error }
  | { readonly how: 'destroyed' };

/** Characters of a message, and of a stack, that are kept. */
const LONGEST = 4096;

/** Anything can be thrown, also what has no text: an error with a text of bounded length stands for it. */
export function crashOf(thrown: unknown): Error {
  const { message, stack } = thrown instanceof Error ? thrown : { message: thrown, stack: undefined };
  const error = new Error(textOf(message));
  if (typeof stack === 'string') error.stack = stack.slice(0, LONGEST);
  return error;
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : inspect(value, { customInspect: false, depth: 1 });
  return text.slice(0, LONGEST);
}
