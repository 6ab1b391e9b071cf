/**
 * A guest without a library of ours that does with its control block, its memory and its functions whatever it likes:
 * the first argument says what, the second is the seed, the third how often (0: until it is ended).
 */
import type { Guest } from 'openslot/guest';
import { workerData } from 'node:worker_threads';
import { Call, CallState, PORTS, Word } from '../../src/xen/local/control-block.js';
import type { Handoff } from '../../src/xen/local/index.js';
import { Random } from '../xen/store/comparison/random.js';

interface Start {
  readonly handoff: Handoff;
  readonly data: { readonly arguments: readonly string[] };
}

const { handoff, data } = workerData as Start;
const [what = '', seed = '1', rounds = '0'] = data.arguments;
const random = new Random(Number(seed));
const words = new Int32Array(handoff.control);
const memory = new Int32Array(handoff.memory);
const bytes = new Uint8Array(handoff.memory);

/** Where functions of the default machine stand, and where memory of this and other domains does. */
const PLACES: readonly [number, ...number[]] = [
  0x8000_0000, 0x8010_0000, 0x8010_2000, 0x8020_4000, 0x8020_6000, 0x1000, 0x1040, 0x1020, 0xfee0_0000,
  0xffff_ffff, 0x10_0000, 0x20_0000,
];

function number(): number {
  return random.weighted<() => number>([
    [4, () => random.below(16)],
    [2, () => random.below(PORTS + 10)],
    [2, () => -random.below(5)],
    [1, () => 0x7fff_ffff - random.below(3)],
    [1, () => -0x8000_0000 + random.below(3)],
    [2, () => random.pick(PLACES) + random.below(3) * 4],
    [1, () => random.below(0xffff_ffff)],
    [1, () => 1 << random.below(32)],
  ])();
}

function put(call: number, args: readonly number[]): void {
  words[Word.call] = call;
  for (const [index, argument] of args.entries()) words[Word.arguments + index] = argument;
}

/** Asks, and waits a little where no answer comes. @returns the status. */
function ask(call: number, ...args: readonly number[]): number {
  put(call, args);
  Atomics.store(words, Word.state, CallState.asked);
  // Whether the hypervisor looks by itself stands in a word that may be scribbled over.
  handoff.port.postMessage(0);
  for (let looks = 0; looks < 5 && Atomics.load(words, Word.state) !== CallState.answered; looks++) {
    Atomics.compareExchange(words, Word.state, CallState.asked, CallState.asleep);
    Atomics.wait(words, Word.state, CallState.asleep, 10);
  }
  Atomics.store(words, Word.state, CallState.idle);
  return words[Word.status] ?? 0;
}

const arguments_ = (): number[] => [number(), number(), number(), number(), number(), number()];

/** Any call with any arguments. */
function anyCall(): void {
  ask(random.oneIn(20) ? number() : random.below(14), ...arguments_());
}

/** Calls that mean something: ranges of functions, accesses of all widths, grants, ports, pirqs, and their ends. */
function likelyCall(): void {
  const handle = random.below(8);
  random.weighted<() => void>([
    [
      2,
      () =>
        ask(
          Call.mapRange,
          random.below(2),
          random.pick(PLACES) + random.below(4) * 8,
          0,
          1 << random.below(21),
        ),
    ],
    [6, () => ask(Call.read, handle, random.below(0x4000), 1 << random.below(4))],
    [6, () => ask(Call.write, handle, random.below(0x4000), 1 << random.below(4), number(), number())],
    [6, () => ask(Call.write, handle, random.below(0x40) * 4, 4, number(), number())],
    [1, () => ask(Call.unmapRange, handle)],
    [1, () => ask(Call.grant, random.below(20), random.below(3))],
    [1, () => ask(Call.revoke, 8 + random.below(16))],
    [2, () => ask(Call.offerPort, random.below(3))],
    [1, () => ask(Call.closePort, random.below(12))],
    [3, () => ask(Call.notify, random.below(12))],
    [2, () => ask(Call.bindPirq, random.oneIn(2) ? 16 + random.below(4) : 256 + random.below(4))],
    [2, () => ask(Call.endOfInterrupt, random.below(12))],
  ])();
}

/** All that it can have at one time, again and again. */
function exhaust(): void {
  const call = random.pick([Call.grant, Call.offerPort, Call.mapRange]);
  for (let count = 0; count < 2000; count++) {
    if (call === Call.mapRange) ask(call, 0, random.pick(PLACES), 0, 4096);
    else ask(call, 0, 0);
  }
  for (let index = 0; index < 2000; index++) ask(call === Call.grant ? Call.revoke : Call.closePort, index);
}

/** Anything anywhere in its memory: its ring, a page that it shares, what a device writes to. */
function scribbleMemory(): void {
  for (let count = 0; count < 500; count++)
    memory[random.below(random.oneIn(2) ? 1024 : memory.length)] = number();
  // Seldom enough to be none of the floods that a domain is ended for.
  if (random.oneIn(10)) anyCall();
}

/** The same in its control block: the words of a call that is being answered, too. */
function scribbleControl(): void {
  for (let count = 0; count < 500; count++)
    Atomics.store(words, random.below(random.oneIn(2) ? 24 : words.length), number());
  if (random.oneIn(10)) anyCall();
}

/** Both rings of XenStore and their indices, with an event each time. */
function garbleRing(): void {
  for (let count = 0; count < 20; count++) bytes[random.below(2048)] = random.below(256);
  if (random.oneIn(2)) memory[512 + random.below(8)] = random.oneIn(2) ? random.below(3000) : number();
  ask(Call.notify, 1);
}

/** A request of XenStore with any content in a ring that is in order. */
function garbleRequest(): void {
  const producer = memory[513] ?? 0;
  const length = random.below(60);
  const message = new Int32Array([random.below(30), random.below(5), random.below(4), length]);
  const payload = Buffer.from(random.bytes(length), 'latin1');
  if (random.oneIn(2))
    payload.write(random.pick(['device/pci/0/state\x003', 'data/a\x00', '/\x00', '@releaseDomain\x00t\x00']));
  const all = Buffer.concat([new Uint8Array(message.buffer), payload]);
  for (const [index, byte] of all.entries()) bytes[(producer + index) & 1023] = byte;
  Atomics.store(memory, 513, (producer + all.length) | 0);
  Atomics.store(memory, 514, Atomics.load(memory, 515));
  ask(Call.notify, 1);
}

/** DMA of edu to anywhere, by a range of its BAR that was asked for as often as it takes. */
function transferAnywhere(): void {
  ask(Call.mapRange, 0, 0x8000_0000 | 0, 0, 0x10_0000);
  for (const [offset, value] of [
    [0x80, random.pick(PLACES) + random.below(0x2000)],
    [0x88, 0x4_0000],
    [0x90, 1 + random.below(0x2000)],
    [0x98, 1 + random.below(8)],
  ] as const)
    ask(Call.write, 0, offset, 8, value, 0);
}

/** What leaves its own library of calls able to work. */
function mixture(): void {
  const action = random.pick([
    anyCall,
    likelyCall,
    scribbleMemory,
    garbleRing,
    garbleRequest,
    transferAnywhere,
  ]);
  for (let count = 0; count < 20; count++) action();
}

const WAYS: Readonly<Record<string, () => void>> = {
  anyCall,
  likelyCall,
  exhaust,
  scribbleMemory,
  scribbleControl,
  garbleRing,
  garbleRequest,
  transferAnywhere,
  mixture: () => {
    random.pick([mixture, mixture, scribbleControl])();
  },
  /** Its process ends between a call and its answer. */
  leavesInCall: () => {
    put(random.below(14), arguments_());
    Atomics.store(words, Word.state, CallState.asked);
    handoff.port.postMessage(0);
    process.exit(random.below(3));
  },
};

const way = WAYS[what];
// `connected` has a front end that works first, and then does it all over its shared page, too.
if (way !== undefined) await act(way);

async function act(action: () => void): Promise<void> {
  for (let round = 0; rounds === '0' || round < Number(rounds); round++) {
    action();
    if (round % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  console.log('done');
  await new Promise((resolve) => setTimeout(resolve, 1_000_000));
}

export default async function hostile({ xpci, store }: Guest): Promise<void> {
  if (what === 'states') {
    await act(() => void store.write('device/pci/0/state', String(random.below(9))).catch(() => undefined));
    return;
  }
  await xpci.connected();
  for (const { address } of xpci.list()) {
    const fn = xpci.open(address);
    fn.setEnabled(true);
    fn.config.write(4, 2, fn.config.read(4, 2) | 4);
  }
  await act(mixture);
}
