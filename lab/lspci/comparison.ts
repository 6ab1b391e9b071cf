/** Compares our text of a capture with a judge's, line by line, and excuses what an older judge words otherwise. */
import type { Capture } from '../../src/function/index.js';
import { tableAt } from './capability-tables.js';
import { TREE, type ReadyExcuse } from './excuse.js';
import { differing, hunksOf, type Hunk } from './line-difference.js';

/** Lines of one function that differ, with where they stand. */
export interface Difference extends Hunk {
  /** The first line of the function's record. */
  readonly title: string;
  /**
   * The table of the capability that they belong to; `header` outside of all capabilities, `list` where the two texts
   * do not have the same capabilities.
   */
  readonly table: string;
}

/** Of one text or of many. */
export class Tally {
  /** Lines of the judge and those that only we have. */
  lines = 0;
  differing = 0;
  /** Lines that would differ without the excuses. */
  excused = 0;
  readonly differences: Difference[] = [];

  add(other: Tally): void {
    this.lines += other.lines;
    this.differing += other.differing;
    this.excused += other.excused;
    for (const one of other.differences) this.differences.push(one);
  }
}

const CAPABILITY = /^\tCapabilities: \[([0-9a-f]+)/;

/** Name of the table behind a capability, by its offset as it is printed. */
type TableNames = (offset: string) => string;

/** A text's piece that belongs to one capability, or that belongs to none. */
interface Part {
  /** Undefined outside of capabilities. */
  readonly offset: string | undefined;
  text: string;
}

/** A record in its parts: what is outside of capabilities, and each capability with the lines below it. */
function partsOf(record: string): readonly Part[] {
  const parts: Part[] = [];
  let open: Part | undefined;
  for (const line of record.match(/.*\n|.+$/g) ?? []) {
    const offset = CAPABILITY.exec(line)?.[1];
    const below = open?.offset !== undefined && line.startsWith('\t\t');
    if (open === undefined || offset !== undefined || (open.offset !== undefined && !below))
      parts.push((open = { offset, text: '' }));
    open.text += line;
  }
  return parts;
}

export class Comparison {
  readonly #excuses: readonly ReadyExcuse[];
  /** By the address as it begins a record. */
  readonly #configs = new Map<string, Uint8Array>();

  constructor(capture: Capture, excuses: readonly ReadyExcuse[]) {
    this.#excuses = excuses;
    for (const { address, config } of capture.functions) {
      this.#configs.set(String(address), config);
      if (address.domain === 0) this.#configs.set(String(address).slice(5), config);
    }
  }

  /** Both texts whole; records are told apart by blank lines. */
  compare(ours: string, theirs: string): Tally {
    const tally = new Tally();
    const [a, b] = [recordsOf(ours), recordsOf(theirs)];
    if (a.length === b.length)
      a.forEach((record, index) => this.#compareRecord(record, b[index] ?? '', tally));
    else this.#compareRecord(ours, theirs, tally);
    return tally;
  }

  #compareRecord(ours: string, theirs: string, tally: Tally): void {
    // The last piece is what follows the last line's end: nothing.
    tally.lines += theirs.split('\n').length - 1;
    if (ours === theirs) return;
    const title = /^\S+.*/.exec(theirs)?.[0] ?? '';
    const config = this.#configs.get(title.split(' ')[0] ?? '');
    const tables: TableNames = (offset) => (config === undefined ? 'list' : tableAt(config, offset));
    const older = this.#older(ours, tables);
    const found = differencesOf(older, theirs, title, tables);
    const after = differing(found);
    const before = older === ours ? after : differing(differencesOf(ours, theirs, title, tables));
    tally.differing += after;
    tally.excused += Math.max(0, before - after);
    for (const one of found) {
      tally.lines += Math.max(0, one.ours.length - one.theirs.length);
      tally.differences.push(one);
    }
  }

  /** Our text in an older judge's words. */
  #older(record: string, tables: TableNames): string {
    if (this.#excuses.length === 0) return record;
    if (/^-(\+-)?\[/.test(record)) return this.#excused(record, TREE);
    return partsOf(record)
      .map(({ offset, text }) => this.#excused(text, offset === undefined ? 'header' : tables(offset)))
      .join('');
  }

  #excused(text: string, table: string): string {
    let result = text;
    for (const one of this.#excuses) {
      if (one.table !== table) continue;
      const older = one.older(result);
      if (older === result) continue;
      one.used++;
      result = older;
    }
    return result;
  }
}

/** Capability beside capability where both texts have the same ones, so that each difference is told of its own. */
function differencesOf(
  ours: string,
  theirs: string,
  title: string,
  tables: TableNames,
): readonly Difference[] {
  const [a, b] = [partsOf(ours), partsOf(theirs)];
  const alike = a.length === b.length && a.every(({ offset }, index) => offset === b[index]?.offset);
  if (!alike)
    return hunksOf(ours.split('\n'), theirs.split('\n')).map((hunk) => ({ ...hunk, title, table: 'list' }));
  return a.flatMap(({ offset, text }, index) => {
    const table = offset === undefined ? 'header' : tables(offset);
    return hunksOf(text.split('\n'), (b[index]?.text ?? '').split('\n')).map((hunk) => ({
      ...hunk,
      title,
      table,
    }));
  });
}

/** Each with the blank line that ends it. */
function recordsOf(text: string): readonly string[] {
  return text.split(/(?<=\n\n)/);
}
