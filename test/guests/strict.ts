/**
 * A guest with a kernel of its own, whose front end is the strict old one. What it found it reports; then it does what
 * its first argument names. The entry would start our own front end: so this module never ends loading.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { LOADED_KEY, SHUTDOWN_KEY, type GuestStart } from '../../src/guest/index.js';
import { connectGuest } from '../../src/xen/local/guest/index.js';
import type { Handoff } from '../../src/xen/local/index.js';
import { StrictFrontEnd, type StrictFunction } from '../front-ends/strict-front-end.js';

const { handoff, data } = workerData as { readonly handoff: Handoff; readonly data: GuestStart };
const platform = connectGuest(handoff);
const { store } = platform;
const xpci = await StrictFrontEnd.boot(platform);
await store.watch(SHUTDOWN_KEY, async () => {
  if ((await store.read(SHUTDOWN_KEY)) === 'poweroff') process.exit(0);
});
await store.write(LOADED_KEY, '1');

const COMMAND_STATUS = 0x04;
const BUS_MASTER = 4;

/** Ticks of the timer while it is asserted, as its interrupt handler counts them. */
function interrupts(fn: StrictFunction): unknown {
  const TIMER = { period: 0x00, control: 0x04, status: 0x0c };
  using region = xpci.map(fn, 0);
  const line = xpci.establish(fn);
  if (line === undefined) return 'no interrupt';
  region.write32(TIMER.period, 1000);
  region.write32(TIMER.control, 7);
  let seen = 0;
  while (seen < 5 && line.wait(5000)) {
    line.take();
    region.write32(TIMER.status, 1);
    line.acknowledge();
    seen++;
  }
  region.write32(TIMER.control, 0);
  return { line: fn.line, seen };
}

/** Starts edu's DMA into the guest's own memory; it ends a tenth of a second later. @returns where it goes. */
async function transfer(fn: StrictFunction): Promise<bigint> {
  xpci.confWrite(fn.address, COMMAND_STATUS, xpci.confRead(fn.address, COMMAND_STATUS) | BUS_MASTER);
  const region = xpci.map(fn, 0);
  const page = await platform.dma.allocate(4096);
  page.bytes.fill(0x5a);
  region.write64(0x80, 0x40000n);
  region.write64(0x88, page.iova);
  region.write64(0x90, 64n);
  region.write32(0x98, 3);
  return page.iova;
}

const WAYS: Readonly<Record<string, (fn: StrictFunction) => unknown>> = {
  returns: () => undefined,
  throws: () => {
    throw new Error('as the test wants it');
  },
  exits: () => process.exit(7),
  loops: () => {
    for (;;);
  },
  sleeps: () => new Promise(() => undefined),
  reads: (fn) => {
    const region = xpci.map(fn, 0);
    for (;;) region.read32(0);
  },
  configures: ({ address }) => {
    for (;;) xpci.confRead(address, 0);
  },
  transfers: async (fn) => {
    await store.write('data/started', String(await transfer(fn)));
    return new Promise(() => undefined);
  },
  interrupts: async (fn) => {
    await store.write('data/result', JSON.stringify(interrupts(fn)));
    return new Promise(() => undefined);
  },
  /** Tells what it reads of the function's identity, again and again. */
  looks: async ({ address }) => {
    for (;;) {
      await store.write('data/id', xpci.confRead(address, 0).toString(16));
      await sleep(10);
    }
  },
};

async function run(): Promise<void> {
  await Promise.race([xpci.configured, xpci.panicked]);
  await store.write(
    'data/functions',
    JSON.stringify(xpci.functions, (_key, value: unknown) =>
      typeof value === 'bigint' ? Number(value) : value,
    ),
  );
  const [fn] = xpci.functions;
  const way = WAYS[data.arguments[0] ?? 'sleeps'];
  if (fn === undefined || way === undefined) throw new Error('nothing to do');
  await store.write('data/ready', 'yes');
  await Promise.race([way(fn), xpci.panicked]);
  process.exit(0);
}

// What it throws, a panic for instance, nobody catches: so the guest ends.
void run();
await new Promise(() => undefined);
