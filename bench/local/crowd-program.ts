/** `node --expose-gc crowd-program.js guest|worker COUNT`: starts so many, lets them run, and says what one costs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { collectedHeap } from './heap.js';
import { IdleThread } from './idle.js';
import { bellAddress, BenchOwner, type BenchGuest } from './owner.js';

export interface CrowdCost {
  readonly startSeconds: number;
  readonly rssMiB: number;
  readonly ownerKiB: number;
  readonly ownKiB: number;
  readonly processorPercent: number;
}

const RUN_MS = 2000;

/** One of the crowd. */
interface Member {
  /** Begins to look at its device every 10 ms. */
  loop(): Promise<unknown>;
  /** Bytes of its own heap after a collection. */
  heap(): Promise<number>;
}

const [, , what, many] = process.argv;
const count = Number(many);
await using owner = await BenchOwner.start(count);
const before = { heap: collectedHeap(), rss: process.memoryUsage.rss() };
const start = performance.now();
const members = await Promise.all(
  Array.from({ length: count }, (_, index) => (what === 'guest' ? startGuest(index) : IdleThread.start())),
);
const startSeconds = (performance.now() - start) / 1000;
for (const member of members) await member.loop();
const processor = process.cpuUsage();
await sleep(RUN_MS);
const { user, system } = process.cpuUsage(processor);
let own = 0;
for (const member of members) own += await member.heap();
const cost: CrowdCost = {
  startSeconds,
  ownerKiB: (collectedHeap() - before.heap) / count / 1024,
  rssMiB: (process.memoryUsage.rss() - before.rss) / count / 2 ** 20,
  ownKiB: own / count / 1024,
  processorPercent: (user + system) / RUN_MS / 10 / count,
};
console.log(JSON.stringify(cost));
for (const member of members) if (member instanceof IdleThread) await member[Symbol.asyncDispose]();

async function startGuest(index: number): Promise<Member> {
  const guest: BenchGuest = await owner.run(`bench-${index}`);
  await guest.attach(bellAddress(index));
  await guest.ask('firstRead', {});
  return {
    loop: () => guest.ask('loop', {}),
    heap: async () => (await guest.ask('heap', {})).bytes,
  };
}
