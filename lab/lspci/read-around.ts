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

export function readAround(judge: Judge, functions: readonly string[], args: readonly string[]): ReadAround {
  const whole = attempt(judge, functions, args);
  if (whole !== undefined) return { text: whole, functions, left: 0 };
  const good = halved(judge, functions, args);
  return { text: judge.read(good.join(''), args), functions: good, left: functions.length - good.length };
}

function halved(judge: Judge, functions: readonly string[], args: readonly string[]): readonly string[] {
  if (attempt(judge, functions, args) !== undefined) return functions;
  if (functions.length <= 1) return [];
  const middle = functions.length >> 1;
  return [functions.slice(0, middle), functions.slice(middle)].flatMap((half) => halved(judge, half, args));
}

function attempt(judge: Judge, functions: readonly string[], args: readonly string[]): string | undefined {
  try {
    return judge.read(functions.join(''), args);
  } catch (error) {
    if (error instanceof LabFailure) return undefined;
    throw error;
  }
}
