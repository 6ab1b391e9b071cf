/** Excuses: where an older lspci words a register otherwise, or does not know it; our text is brought to its words. */
import { expressionOf, filled, placeOf } from './excuse-pattern.js';

interface Reason {
  /** Dotted name of the register or field that is worded otherwise; of the table, for a capability that was not known. */
  readonly field: string;
  /** The newest version of lspci that was seen to word it the older way. */
  readonly until: string;
}

/** Other words for the same register. */
export interface Reworded extends Reason {
  /** What stands before; it is looked for and kept. */
  readonly after?: string;
  readonly ours: string;
  /** What older ones have in its place; numbers and signs are those of our text. */
  readonly older: string;
  /** Where older ones have it, when that is another place of the same capability: behind these words. */
  readonly movedBehind?: string;
}

/** A capability that older ones do not decode: its one line there, behind the bracket with its offset. */
export interface Undecoded extends Reason {
  readonly undecoded: string;
}

/** Trees (`-t`): older ones draw one for all domains, and it begins with bus 0000:00 even where nothing is on it. */
export interface OneTree extends Reason {
  readonly field: typeof TREE;
  readonly oneTree: true;
}

/** In place of a register's name, for what is drawn of addresses alone. */
export const TREE = 'tree';

export type Excuse = Reworded | Undecoded | OneTree;

/** One excuse made ready, with how often it was used. */
export interface ReadyExcuse {
  readonly excuse: Excuse;
  /** First part of its name: the table whose capabilities it is about. */
  readonly table: string;
  used: number;
  /** @returns the text in the older words; the same string when it does not apply. */
  readonly older: (text: string) => string;
}

/** Those that a version of lspci needs. */
export function excusesFor(version: string, all: readonly Excuse[]): readonly ReadyExcuse[] {
  return all.filter(({ until }) => !isNewer(version, until)).map(ready);
}

function isNewer(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) > 0;
}

function ready(excuse: Excuse): ReadyExcuse {
  const one = { excuse, table: excuse.field.split('.')[0] ?? '', used: 0 };
  if ('undecoded' in excuse) return { ...one, older: (text) => undecoded(text, excuse.undecoded) };
  if ('oneTree' in excuse) return { ...one, older: oneTree };
  return { ...one, older: reworder(excuse) };
}

function undecoded(text: string, line: string): string {
  // A chain that ends there has no capability there.
  return text.replace(/^(\tCapabilities: \[[^\]]*\] )(?!<)[^]*$/, (_, start: string) => `${start}${line}\n`);
}

function reworder({ after = '', ours, older, movedBehind }: Reworded): (text: string) => string {
  const words = new RegExp(`(?<=${placeOf(after)})${expressionOf(ours)}`, 'g');
  if (movedBehind === undefined)
    return (text) => text.replace(words, (_, ...slots) => filled(older, slots.map(String)));
  const target = new RegExp(placeOf(movedBehind));
  return (text) => {
    let moved: string | undefined;
    const without = text.replace(words, (_, ...slots) => {
      moved ??= filled(older, slots.map(String));
      return '';
    });
    return moved === undefined ? text : without.replace(target, (place) => `${place}${moved}`);
  };
}

/** Takes the trees of the domains apart into their root buses and draws all of these as one. */
function oneTree(text: string): string {
  const roots: string[][] = [];
  let prefix = 0;
  for (const line of text.trimEnd().split('\n')) {
    const start = /^(?:-|-\+-| \+-| \\-)(?=\[)/.exec(line)?.[0];
    if (start !== undefined) {
      prefix = start.length;
      roots.push([]);
    }
    roots.at(-1)?.push(line.slice(prefix));
  }
  if (roots[0]?.[0]?.startsWith('[0000:00]') !== true) roots.unshift(['[0000:00]-']);
  if (roots.length === 1) return text;
  const drawn = roots.flatMap((lines, index) => {
    const last = index === roots.length - 1;
    const [start, below] = [index === 0 ? '-+-' : last ? ' \\-' : ' +-', last ? '   ' : ' | '];
    return lines.map((line, row) => `${row === 0 ? start : below}${line}\n`);
  });
  return drawn.join('');
}
