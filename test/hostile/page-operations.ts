/** Kinds of hostile requests: each fills the shared page once, as a guest that writes it directly does. */
import type { Random } from '../xen/store/comparison/random.js';
import { COMMAND } from './request-model.js';
import { WORD } from '../pciback/shared-page-guest.js';

/** What a kind may know. */
export interface Ground {
  readonly random: Random;
  readonly words: Int32Array;
  /** Functions that are the guest's own, on its bus. */
  readonly own: readonly [number, ...number[]];
  /** Addresses of functions that others have: domain, bus, devfn on the host. */
  readonly foreign: readonly (readonly [number, number, number])[];
}

type Fields = Partial<Record<Exclude<keyof typeof WORD, 'flags' | 'entries'>, number>>;

const EDGES: readonly [number, ...number[]] = [
  0, 1, 2, 3, 4, 0x3c, 0x3e, 0x3f, 0x40, 0x44, 0x60, 0x64, 0x66, 0xd0, 0xd2, 0xfc, 0xfd, 0xfe, 0xff, 0x100,
  0x101, 0xffc, 0xffd, 0xffe, 0xfff, 0x1000, 0x1001, 0x1004, 0x10000, 0x7fff_fffc, 0x7fff_ffff, -1, -2, -4,
  -0x1000, -0x8000_0000,
];
const SIZES: readonly [number, ...number[]] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 255, 256, 0x10001, 0x7fff_ffff, -1, -4, -0x8000_0000,
];
const WIDTHS: readonly [number, ...number[]] = [1, 2, 4];
const COUNTS: readonly [number, ...number[]] = [
  0, 1, 2, 3, 16, 17, 18, 127, 128, 129, 255, 256, 2047, 2048, 0x7fff_ffff, -0x8000_0000, -1,
];

const word = (random: Random): number => random.below(0x1_0000_0000) | 0;

/** An aligned access somewhere in the first 256 bytes, or in all 4096. */
function somewhere(random: Random): { offset: number; size: number } {
  const size = random.pick(WIDTHS);
  return { offset: random.below(random.oneIn(8) ? 4096 : 256) & -size, size };
}

/** Makes the page a request, with what is not said being one of its own functions' and harmless. */
export function post({ random, words, own }: Ground, fields: Fields, entries: readonly number[] = []): void {
  const all: Required<Fields> = {
    command: COMMAND.read,
    error: word(random),
    domain: 0,
    bus: 0,
    devfn: random.pick(own),
    offset: 0,
    size: 4,
    value: word(random),
    ...fields,
  };
  for (const name of Object.keys(all) as (keyof typeof all)[]) words[WORD[name]] = all[name];
  for (const [index, entry] of entries.entries()) words[WORD.entries + index] = entry << 16;
  words[WORD.flags] = 1;
}

function write(ground: Ground, offset: number, size: number, value = word(ground.random)): void {
  post(ground, { command: COMMAND.write, offset, size, value });
}

function entriesOf(random: Random): readonly number[] {
  return Array.from({ length: 1 + random.below(18) }, (_, index) =>
    random.oneIn(6) ? random.below(0x1_0000) : random.oneIn(6) ? random.below(17) : index,
  );
}

/** Anything that could be a request: what a page is rewritten to. */
export function anyRequest(ground: Ground): void {
  const { random } = ground;
  post(
    ground,
    { command: random.oneIn(3) ? random.below(7) : COMMAND.write, ...somewhere(random) },
    random.oneIn(4) ? entriesOf(random) : [],
  );
}

const REWRITTEN = [
  'command',
  'domain',
  'bus',
  'devfn',
  'offset',
  'offset',
  'size',
  'size',
  'value',
] as const satisfies readonly (keyof typeof WORD)[];

/** What a guest makes of a request that is being read: nothing, another one, or one word that is another. */
export function rewritePage(ground: Ground): void {
  const { random, words } = ground;
  if (random.oneIn(4)) Atomics.and(words, WORD.flags, ~1);
  else if (random.oneIn(3)) anyRequest(ground);
  else {
    const name = random.pick(REWRITTEN);
    const edges = name === 'size' ? SIZES : EDGES;
    words[WORD[name]] = random.oneIn(2) ? random.pick(edges) : random.below(0x200);
  }
}

/** Requests by the name of their kind. All are active when their function returns. */
export const PAGE_KINDS = {
  'random page': ({ random, words }) => {
    for (let index = 1; index < WORD.entries + 128; index++) words[index] = word(random);
    // As few are requests by chance, some words are small.
    for (const name of ['command', 'domain', 'bus', 'devfn', 'offset', 'size'] as const)
      if (random.oneIn(2)) words[WORD[name]] = random.below(random.oneIn(2) ? 8 : 300);
    words[WORD.flags] = word(random) | 1;
  },
  'function not its own': (ground) => {
    const { random, foreign } = ground;
    const [domain, bus, devfn] = random.weighted<() => readonly [number, number, number]>([
      [2, () => foreign[random.below(foreign.length)] ?? [0, 0, 255]],
      [1, () => [0, 0, random.below(256)]],
      [1, () => [1 + random.below(4), random.below(2), random.pick(ground.own)]],
      [1, () => [0, 1 + random.below(255), random.pick(ground.own)]],
      [1, () => [word(random), 0, random.pick(ground.own)]],
      [1, () => [0, 0, word(random)]],
      [1, () => [0, 0, random.pick(ground.own) + 256 * (1 + random.below(255))]],
    ])();
    post(ground, { command: random.below(6), domain, bus, devfn, ...somewhere(random) });
  },
  'edge of offset and size': (ground) => {
    const { random } = ground;
    post(ground, {
      command: random.below(2),
      offset: random.pick(EDGES),
      size: random.oneIn(2) ? random.pick(SIZES) : random.pick(WIDTHS),
    });
  },
  'write anywhere': (ground) => {
    const { offset, size } = somewhere(ground.random);
    write(ground, offset, size);
  },
  'read anywhere': (ground) => {
    post(ground, somewhere(ground.random));
  },
  'Command register': (ground) => {
    const size = ground.random.pick(WIDTHS);
    write(ground, 4 + (size === 1 ? ground.random.below(2) : 0), size);
  },
  'address register': (ground) => {
    const { random } = ground;
    const size = random.oneIn(4) ? random.pick(WIDTHS) : 4;
    const value = random.pick([-1, 0, -0x800, 0xfee0_0000 | 0, word(random)]);
    write(ground, (0x10 + random.below(0x24)) & -size, size, value);
  },
  'capability register': (ground) => {
    const { random } = ground;
    const size = random.pick(WIDTHS);
    write(
      ground,
      (random.pick([0x40, 0x44, 0x60, 0x64, 0x80, 0x88, 0xc0, 0xc4, 0xc8, 0xcc]) + random.below(4)) & -size,
      size,
    );
  },
  'vital product data': (ground) => {
    const { random } = ground;
    const size = random.pick(WIDTHS);
    if (random.oneIn(4)) post(ground, { offset: 0xd4, size: 4 });
    else write(ground, (0xd0 + random.below(8)) & -size, size);
  },
  'interrupts in any state': (ground) => {
    const { random } = ground;
    const entries = Array.from({ length: 3 }, (_, index) => index);
    post(ground, { command: 2 + random.below(4), value: 1 + random.below(3) }, entries);
  },
  'vectors at their edges': (ground) => {
    const { random } = ground;
    const entries = entriesOf(random);
    const value = random.oneIn(2) ? entries.length : random.pick(COUNTS);
    post(ground, { command: random.oneIn(3) ? COMMAND.disableMsix : COMMAND.enableMsix, value }, entries);
  },
  'no command': (ground) => {
    const { random } = ground;
    post(ground, {
      command: random.pick([6, 7, 8, 9, 10, 11, 0x100, 0x7fff_ffff, -1, -0x8000_0000, word(random)]),
    });
  },
  'flags of the other end': (ground) => {
    anyRequest(ground);
    ground.words[WORD.flags] = word(ground.random) | 1;
  },
} satisfies Readonly<Record<string, (ground: Ground) => void>>;

export type PageKind = keyof typeof PAGE_KINDS;
