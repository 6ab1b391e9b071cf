/** How a domain came to its end, told in words that can be shown: what its program threw is data like any other. */
import { inspect } from 'node:util';

/** What ended a domain, with the code and the next step of a refusal of ours. */
export type CrashError = Error & { code?: string; next?: string };

export type DomainEnd =
  | { readonly how: 'exit'; readonly code: number }
  /** Its program threw what nobody caught, or its heap was full, or it did what no domain does. */
  | { readonly how: 'crash'; readonly error: CrashError }
  | { readonly how: 'destroyed' };

/** Characters of a message, and of a stack, that are kept. */
const LONGEST = 4096;

/** Anything can be thrown, also what has no text: an error with a text of bounded length stands for it. */
export function crashOf(thrown: unknown): CrashError {
  const { message, stack } = thrown instanceof Error ? thrown : { message: thrown, stack: undefined };
  const error: CrashError = new Error(textOf(message));
  if (typeof stack === 'string') error.stack = stack.slice(0, LONGEST);
  if (thrown instanceof Error)
    for (const word of ['code', 'next'] as const) {
      const value: unknown = Reflect.get(thrown, word);
      if (typeof value === 'string') error[word] = value.slice(0, LONGEST);
    }
  return error;
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : inspect(value, { customInspect: false, depth: 1 });
  return text.slice(0, LONGEST);
}
