/** What a guest may reach of the host because it has a function: ranges, an interrupt, and the function's DMA. */
import type { PciFunction } from '../function/index.js';
import type { MachineFrame, Pirq } from '../xen/platform.js';

/** Numbers in a row: frames of 4096 bytes, or I/O ports. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

export interface Grants {
  /** Machine frames. */
  readonly memory: readonly Run[];
  readonly ports: readonly Run[];
  /** INTx; message signalled interrupts are the back end's. */
  readonly pirq: Pirq | undefined;
}

const FRAME_BITS = 12n;
/** Interrupt lines that say "none" (PCI Local Bus 3.0, 6.2.4). */
const NO_LINE: ReadonlySet<number | undefined> = new Set([undefined, 0, 255]);

/**
 * What libxl grants with a function: every region that has an address, the expansion ROM too. A region that is smaller
 * than a page, or not aligned to one, needs the whole page: permissions have no smaller unit.
 * `pirq` is what the guest would have by libxl, whose pirqs are the lines' own numbers.
 */
export function grantsOf(fn: Pick<PciFunction, 'regions' | 'interruptLine'>): Grants {
  const memory: Run[] = [];
  const ports: Run[] = [];
  for (const { kind, address, size } of fn.regions) {
    if (address === 0n || size === 0) continue;
    if (kind === 'io') {
      ports.push({ first: Number(address), count: size });
      continue;
    }
    const first = address >> FRAME_BITS;
    const last = (address + BigInt(size) - 1n) >> FRAME_BITS;
    memory.push({ first: Number(first), count: Number(last - first) + 1 });
  }
  const line = fn.interruptLine;
  return { memory, ports, pirq: NO_LINE.has(line) ? undefined : (line as Pirq) };
}

/** The parts of `runs` that are in none of `others`. */
function without(runs: readonly Run[], others: readonly Run[]): Run[] {
  let left = [...runs];
  for (const other of others) {
    const end = other.first + other.count;
    left = left.flatMap((run) => {
      const runEnd = run.first + run.count;
      const before = { first: run.first, count: Math.min(runEnd, other.first) - run.first };
      const from = Math.max(run.first, end);
      return [before, { first: from, count: runEnd - from }].filter(({ count }) => count > 0);
    });
  }
  return left;
}

/**
 * What may be revoked when a function leaves a guest that keeps `others`: two functions can share a page, or a line
 * (XSA-476).
 */
export function grantsWithout(grants: Grants, others: readonly Grants[]): Grants {
  return {
    memory: without(
      grants.memory,
      others.flatMap(({ memory }) => memory),
    ),
    ports: without(
      grants.ports,
      others.flatMap(({ ports }) => ports),
    ),
    pirq: others.some(({ pirq }) => pirq === grants.pirq) ? undefined : grants.pirq,
  };
}

/** One line, as the record in XenStore holds it: `memory:febd0+4 ports:c040+20 pirq:11`, hexadecimal but for the pirq. */
export function formatGrants({ memory, ports, pirq }: Grants): string {
  const words: string[] = [];
  const runs = (kind: string, list: readonly Run[]) => {
    for (const { first, count } of list) words.push(`${kind}:${first.toString(16)}+${count.toString(16)}`);
  };
  runs('memory', memory);
  runs('ports', ports);
  if (pirq !== undefined) words.push(`pirq:${pirq}`);
  return words.join(' ');
}

/** Undefined when the text is not what {@link formatGrants} writes. */
export function parseGrants(text: string): Grants | undefined {
  const memory: Run[] = [];
  const ports: Run[] = [];
  let pirq: Pirq | undefined;
  for (const word of text === '' ? [] : text.split(' ')) {
    const run = /^(memory|ports):([0-9a-f]{1,13})\+([0-9a-f]{1,13})$/.exec(word);
    const interrupt = /^pirq:(\d{1,7})$/.exec(word);
    if (run !== null) {
      const [, kind, first = '', count = ''] = run;
      (kind === 'memory' ? memory : ports).push({ first: parseInt(first, 16), count: parseInt(count, 16) });
    } else if (interrupt !== null) pirq = Number(interrupt[1]) as Pirq;
    else return undefined;
  }
  return { memory, ports, pirq };
}

/** As a permission call takes it. */
export const frame = (run: Run): MachineFrame => run.first as MachineFrame;
