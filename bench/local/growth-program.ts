/** `node --expose-gc growth-program.js OPERATIONS ATTACHES`: does that much of everything, and says what is open and held. */
import { setTimeout as sleep } from 'node:timers/promises';
import { collectedHeap } from './heap.js';
import type { MixCounts } from './mix.js';
import { bellAddress, BenchOwner } from './owner.js';

/** What there is at one moment: always the same one of a round, with the function in the guest's hands. */
export interface Holdings {
  /** Bytes after a collection: of the owner's thread, of the guest's. */
  readonly ownerHeap: number;
  readonly guestHeap: number;
  readonly domains: number;
  readonly grants: number;
  readonly channels: number;
  readonly ranges: number;
  readonly pirqs: number;
  readonly connections: number;
  readonly watches: number;
  readonly nodes: number;
  /** Events of the machine's clock that have not happened. */
  readonly events: number;
}

export interface Growth {
  readonly counts: MixCounts & { readonly attach: number; readonly 'guest started': number };
  /** After a tenth of the work, and after all of it. */
  readonly early: Holdings;
  readonly late: Holdings;
}

/** Rounds between two guests that come and go. */
const VISIT_EVERY = 10;
const SETTLE_MS = 50;

const operations = Number(process.argv[2]);
const attaches = Number(process.argv[3]);
await using owner = await BenchOwner.start(2);
const guest = await owner.run('bench');
const counts = { attach: 0, 'guest started': 0 } as Record<keyof Growth['counts'], number>;
let early: Holdings | undefined;
for (let round = 0; round < attaches; round++) {
  if (round % VISIT_EVERY === 0) await visit();
  await guest.attach(bellAddress(0));
  counts.attach++;
  const mixed = await guest.ask('mix', { operations: Math.round(operations / attaches) });
  for (const [kind, count] of Object.entries(mixed) as [keyof MixCounts, number][])
    counts[kind] = (counts[kind] ?? 0) + count;
  if (round === Math.floor(attaches / 10)) early = await holdings();
  if (round < attaches - 1) await guest.detach(bellAddress(0));
}
if (early === undefined) throw new Error('there must be at least one round');
console.log(JSON.stringify({ counts, early, late: await holdings() } satisfies Growth));

/** Another guest comes, drives another function, and goes. */
async function visit(): Promise<void> {
  const visitor = await owner.run('visitor');
  await visitor.attach(bellAddress(1));
  await visitor.ask('mix', { operations: VISIT_EVERY });
  counts['guest started']++;
  await visitor.destroy();
}

async function holdings(): Promise<Holdings> {
  const { bytes: guestHeap } = await guest.ask('heap', {});
  // What goes on behind an answer: the last events of watches, the ends of streams.
  await sleep(SETTLE_MS);
  const { xen, store } = owner.host;
  return {
    ownerHeap: collectedHeap(),
    guestHeap,
    ...xen.usage,
    connections: store.connections,
    watches: store.watches,
    nodes: [...store.nodes()].length,
    events: owner.machine.clock.pending,
  };
}
