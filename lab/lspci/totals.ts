/** What was compared with one judge, by kind of source, and how it is told. */
import { LSPCI_VERSION } from '../../src/look/lspci/index.js';
import { Tally, type Difference } from './comparison.js';
import type { ReadyExcuse } from './excuse.js';
import type { Judge } from './judge.js';
import type { SpaceSource } from './spaces/source.js';

/** So many kinds of differences are shown; all are counted. */
const SHOWN = 15;
/** Lines of one difference on each side. */
const SHOWN_LINES = 6;

interface Seen {
  readonly first: Difference;
  readonly where: string;
  times: number;
}

class KindTotals extends Tally {
  readonly sources = new Set<string>();
  texts = 0;
}

export class Totals {
  readonly judge: Judge;
  readonly excuses: readonly ReadyExcuse[];
  readonly #kinds = new Map<SpaceSource['kind'], KindTotals>();
  readonly #seen = new Map<string, Seen>();
  /** The text of the version that we follow, by the same excuses. */
  readonly #followed = new KindTotals();
  /** Functions that the judge did not come through, by where. */
  readonly #stopped = new Map<string, number>();

  constructor(judge: Judge, excuses: readonly ReadyExcuse[]) {
    this.judge = judge;
    this.excuses = excuses;
  }

  get differing(): number {
    return this.#sum().differing + this.#followed.differing;
  }

  /** Excuses that were never needed. */
  get idle(): readonly ReadyExcuse[] {
    return this.excuses.filter(({ used }) => used === 0);
  }

  /** @param stopped functions that the judge did not come through, which are not in the tally. */
  add(
    { kind, name }: Pick<SpaceSource, 'kind' | 'name'>,
    args: readonly string[],
    tally: Tally,
    stopped = 0,
  ): void {
    const totals = this.#kinds.get(kind) ?? new KindTotals();
    this.#kinds.set(kind, totals);
    totals.sources.add(name);
    totals.texts++;
    totals.lines += tally.lines;
    totals.differing += tally.differing;
    totals.excused += tally.excused;
    if (stopped > 0) this.#stopped.set(`${kind} ${name}`, stopped);
    this.#note(tally, `${kind} ${name}, ${args.join(' ') || 'no switch'}`);
  }

  /** What lspci of the version that we follow printed, beside this older judge. */
  addFollowed(
    { kind, name }: Pick<SpaceSource, 'kind' | 'name'>,
    args: readonly string[],
    tally: Tally,
  ): void {
    this.#followed.texts++;
    this.#followed.sources.add(`${kind} ${name}`);
    this.#followed.lines += tally.lines;
    this.#followed.differing += tally.differing;
    this.#followed.excused += tally.excused;
    this.#note(tally, `${kind} ${name}, ${args.join(' ') || 'no switch'}, lspci ${LSPCI_VERSION} itself`);
  }

  #note(tally: Tally, where: string): void {
    for (const first of tally.differences) {
      const key = shapeOf(first);
      const seen = this.#seen.get(key);
      if (seen === undefined) this.#seen.set(key, { first, where, times: 1 });
      else seen.times++;
    }
  }

  toString(): string {
    const rows = [...this.#kinds].map(([kind, totals]) => row(kind, totals));
    return [
      `${String(this.judge)}${this.judge.isFollowed ? ', the version that we follow: nothing is excused' : ''}`,
      ...rows,
      row('all', this.#sum()),
      ...(this.#followed.texts === 0
        ? []
        : [`  beside it, by the same excuses, lspci ${LSPCI_VERSION} itself:`, row('all', this.#followed)]),
      ...this.#stoppedLines(),
      ...this.#excuseLines(),
      ...this.#differenceLines(),
    ].join('\n');
  }

  #sum(): KindTotals {
    const sum = new KindTotals();
    for (const totals of this.#kinds.values()) {
      sum.lines += totals.lines;
      sum.differing += totals.differing;
      sum.excused += totals.excused;
      sum.texts += totals.texts;
      for (const name of totals.sources) sum.sources.add(name);
    }
    return sum;
  }

  #stoppedLines(): readonly string[] {
    const total = [...this.#stopped.values()].reduce((sum, one) => sum + one, 0);
    return total === 0
      ? []
      : [
          `  it does not come to its end on ${total} functions, which we write: ${[...this.#stopped].map(([where, count]) => `${where} ${count}`).join(', ')}`,
        ];
  }

  #excuseLines(): readonly string[] {
    const used = this.excuses.filter(({ used }) => used > 0);
    return [
      ...(used.length === 0
        ? []
        : [
            `  excused, by register: ${used.map(({ excuse, used }) => `${excuse.field} ${used}`).join(', ')}`,
          ]),
      ...this.idle.map(({ excuse }) => `  excuses nothing: ${JSON.stringify(excuse)}`),
    ];
  }

  #differenceLines(): readonly string[] {
    const seen = [...this.#seen.values()].sort((a, b) => b.times - a.times);
    const lines = seen
      .slice(0, SHOWN)
      .flatMap(({ first, where, times }) => [
        `  ${times} times in ${first.table}, first in ${where}, ${first.title}`,
        ...side('lspci', first.theirs),
        ...side('ours', first.ours),
      ]);
    return seen.length > SHOWN
      ? [...lines, `  and ${seen.length - SHOWN} other kinds of differences`]
      : lines;
  }
}

function row(kind: string, { sources, texts, lines, differing, excused }: KindTotals): string {
  const numbers = [sources.size, texts, lines, differing, excused].map((one) => String(one).padStart(9));
  const [from = '', of = '', compared = '', different = '', forgiven = ''] = numbers;
  return `  ${kind.padEnd(10)}${from} sources${of} texts${compared} lines compared${different} differ${forgiven} excused`;
}

function side(name: string, lines: readonly string[]): readonly string[] {
  const shown = lines
    .slice(0, SHOWN_LINES)
    .map((line) => `    ${name.padEnd(6)}|${line.replaceAll('\t', '    ')}|`);
  if (lines.length === 0) return [`    ${name.padEnd(6)}has no such line`];
  return lines.length > SHOWN_LINES
    ? [...shown, `    ${''.padEnd(6)}and ${lines.length - SHOWN_LINES} more`]
    : shown;
}

/** Differences that are alike but for numbers and flags are told once. */
function shapeOf({ table, ours, theirs }: Difference): string {
  const shape = (lines: readonly string[]) =>
    lines
      .map((line) => line.replaceAll(/[0-9a-f]{2,}|\d+/g, '#').replaceAll(/[+-](?=[ ,)]|$)/g, '±'))
      .join('\n');
  return `${table}\n${shape(theirs)}\n${shape(ours)}`;
}
