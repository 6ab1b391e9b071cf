/** A guest that makes the probe that its first argument names, once it has its function, and reports what it found. */
import type { PciFunction } from 'openslot/function';
import type { Guest } from 'openslot/guest';
import { firstFunction } from './first-function.js';

type Probe = (fn: PciFunction, guest: Guest) => unknown;

const TIMER = { period: 0x00, control: 0x04, status: 0x0c, count: 0x10 };
const RUN_AGAIN_WITH_INTERRUPT = 7;

/** Interrupts that come while the guest is blocked in accesses are all counted. */
function interruptsWhileBlocked(fn: PciFunction): unknown {
  using region = fn.openRegion(0);
  using stream = openStream(fn, { kind: 'msi', vector: 0 });
  region.write32(TIMER.period, 20_000);
  region.write32(TIMER.control, RUN_AGAIN_WITH_INTERRUPT);
  let counted = 0;
  // Each access takes a microsecond of the machine's time: an interrupt every twenty or so.
  for (let access = 0; access < 20_000; access++) {
    region.write32(TIMER.status, 1);
    if (access % 1000 === 0) counted += stream.wait(0)?.count ?? 0;
  }
  region.write32(TIMER.control, 0);
  const raised = region.read32(TIMER.count);
  while (counted < raised) {
    const interrupt = stream.wait(5000);
    if (interrupt === undefined) break;
    counted += interrupt.count;
  }
  return { raised, counted };
}

/** A level source raises again until the device is quiet, and only after the last one was taken. */
async function levelSource(fn: PciFunction): Promise<unknown> {
  using region = fn.openRegion(0);
  using stream = openStream(fn, { kind: 'intx' });
  region.write32(TIMER.period, 1000);
  region.write32(TIMER.control, 5);
  const seen: number[] = [];
  for await (const { count } of stream) {
    seen.push(count);
    // Left asserted twice: taking the next one acknowledges, and it comes again.
    if (seen.length === 3) {
      region.write32(TIMER.status, 1);
      break;
    }
  }
  return { seen, quiet: stream.wait(20) === undefined };
}

function openStream(fn: PciFunction, source: Parameters<NonNullable<PciFunction['interrupts']>['open']>[0]) {
  if (fn.interrupts === undefined) throw new Error('no interrupts');
  return fn.interrupts.open(source);
}

/** What the guest was not given it cannot map; what it has of a vector table it cannot write. */
function protection(fn: PciFunction, { platform }: Guest): unknown {
  const codes: string[] = [];
  const attempt = (action: () => unknown) => {
    try {
      action();
      codes.push('done');
    } catch (error) {
      codes.push((error as { code?: string }).code ?? String(error));
    }
  };
  const [bar] = fn.regions;
  const address = bar?.address ?? 0n;
  attempt(() => platform.openRange('memory', address - 4096n, 4096));
  attempt(() => platform.openRange('memory', address, (bar?.size ?? 0) + 4096));
  attempt(() => platform.openRange('memory', 0x10_0000n, 4096));
  attempt(() => platform.openRange('io', 0x100n, 4));
  attempt(() => platform.pirqs.bind(3 as Parameters<typeof platform.pirqs.bind>[0]));
  using region = fn.openRegion(0);
  const table = 0x2000;
  region.write32(table, 0xdead_beef);
  const before = region.read32(0x14);
  region.write32(0x14, before | 0x0046_0000);
  return { codes, table: region.read32(table), registers: region.read32(0x14) === (before | 0x0046_0000) };
}

/** Accesses to what is taken away read all ones, and its streams and regions end. */
async function detached(fn: PciFunction, { xpci, store }: Guest): Promise<unknown> {
  const region = fn.openRegion(0);
  const stream = openStream(fn, { kind: 'intx' });
  const changes = xpci.changes();
  const before = region.read32(0);
  await store.write('data/ready', 'yes');
  for await (const { change } of changes) if (change === 'detached') break;
  const ended = await Promise.race([
    (async () => {
      for await (const _interrupt of stream) return 'an interrupt';
      return 'ended';
    })(),
    new Promise((resolve) => setTimeout(resolve, 5000, 'goes on')),
  ]);
  return { before, region: region.read32(0), config: fn.config.read(0, 4), ended, list: xpci.list().length };
}

/** Opens its interrupt and never looks at it, nor at anything else. */
async function deaf(fn: PciFunction, { store }: Guest): Promise<unknown> {
  using _stream = openStream(fn, { kind: 'intx' });
  await store.write('data/ready', 'yes');
  // Until what is written has gone out.
  await store.read('data/ready');
  for (;;);
}

/** A thousand transfers of the copier from where nothing is, each of which ends in a fault. */
function transfersAnywhere(fn: PciFunction): unknown {
  using region = fn.openRegion(0);
  const [source, destination, bytes, control, status] = [0x00, 0x08, 0x10, 0x14, 0x18] as const;
  let transfers = 0;
  while (transfers < 1000) {
    for (const [offset, value] of [
      [source, 0x4000_0000 + transfers * 4096],
      [source + 4, 0],
      [destination, 0x5000_0000],
      [destination + 4, 0],
      [bytes, 64],
      [status, 3],
      [control, 1],
    ] as const)
      region.write32(offset, value);
    while ((region.read32(control) & 1) !== 0);
    if ((region.read32(status) & 2) !== 0) transfers++;
  }
  return transfers;
}

const PROBES: Readonly<Record<string, Probe>> = {
  interruptsWhileBlocked,
  levelSource,
  protection,
  detached,
  deaf,
  transfersAnywhere,
};

export default async function probes(guest: Guest): Promise<void> {
  const [name = ''] = guest.arguments;
  const probe = PROBES[name];
  if (probe === undefined) throw new Error(`no probe named ${name}`);
  using fn = await firstFunction(guest.xpci);
  await guest.store.write('data/result', JSON.stringify(await probe(fn, guest)));
  // Until the other side has read it.
  await new Promise(() => undefined);
}
