/** A function of the guest's bus as a resource: configuration space, regions, interrupts, DMA, and their ends. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Interrupt, PciFunction } from '../../src/function/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { Xpci, type XpciOptions } from '../../src/xpci/index.js';
import { toolStackCreates, toolStackDetaches } from '../pciback/front-end.js';
import { disk, edu, testdev } from '../function/shapes.js';
import type { MemoryPirq } from '../xen/memory-guest.js';
import { DISK, EDU, GuestHost } from './guest.js';

const FIRST = new PciAddress(0, 0, 0, 0);
const SECOND = new PciAddress(0, 0, 1, 0);
const VECTORS = 17;

async function withDisk(options: XpciOptions = {}) {
  const host = await GuestHost.start();
  await toolStackCreates(host.platform.store, host.id, [DISK, EDU]);
  const xpci = await Xpci.connect(host.guest, options);
  const fn = xpci.open(FIRST);
  const end = async () => {
    await xpci.close();
    await host[Symbol.asyncDispose]();
  };
  return { host, xpci, fn, end };
}

function interruptsOf(fn: PciFunction) {
  assert.ok(fn.interrupts !== undefined);
  return fn.interrupts;
}

describe('configuration space and regions', () => {
  test('each function reads as the hardware does, in every width, but for what is the back end’s', async () => {
    const { host, xpci, end } = await withDisk();
    let compared = 0;
    for (const [address, shape] of [
      [FIRST, disk()],
      [SECOND, edu()],
    ] as const) {
      using fn = xpci.open(address);
      using hardware = host.machine.open(shape.address);
      assert.equal(fn.config.size, hardware.config.size);
      for (const width of [1, 2, 4] as const) {
        for (let offset = 0; offset < 256; offset += width) {
          // Command's copy; what PME could do; the power state.
          if ([0x04, 0x05, 0x60, 0x62, 0x63, 0x64, 0x65].some((at) => at >= offset && at < offset + width))
            continue;
          assert.equal(
            fn.config.read(offset, width),
            hardware.config.read(offset, width),
            `0x${offset.toString(16)}`,
          );
          compared++;
        }
      }
    }
    assert.ok(compared > 850, `${compared} compared`);
    await end();
  });

  test('4096 bytes where PCI Express has them', async () => {
    await using host = await GuestHost.start(disk());
    await toolStackCreates(host.platform.store, host.id, [DISK]);
    await using xpci = await Xpci.connect(host.guest);
    using fn = xpci.open(FIRST);
    assert.equal(fn.config.size, 4096);
    // The serial number's capability, and its low half.
    assert.equal(fn.config.read(0x100, 4), 0x0001_0003);
    assert.equal(fn.config.read(0x104, 4), 0x89ab_cdef);
    assert.throws(() => fn.config.read(4096, 4), { code: 'CONFIG_OUT_OF_RANGE' });
  });

  test('regions are found by sizing, which leaves every register as it was', async () => {
    for (const shape of [disk(), edu(), testdev()]) {
      await using host = await GuestHost.start(shape);
      await toolStackCreates(host.platform.store, host.id, [String(shape.address)]);
      await using xpci = await Xpci.connect(host.guest);
      const writes = host.machine.device(shape.address).writes.length;
      using fn = xpci.open(FIRST);
      assert.deepEqual(fn.regions, shape.regions);
      assert.equal((fn.config.read(0x10, 4) & ~0xf) >>> 0, Number(shape.regions[0]?.address));
      // The back end emulates the address registers: sizing never reaches the hardware.
      const touched = host.machine.device(shape.address).writes.slice(writes);
      assert.deepEqual(
        touched.filter(({ offset }) => offset >= 0x10 && offset < 0x34),
        [],
      );
    }
  });

  test('registers of memory and ports, and what a region refuses', async () => {
    await using host = await GuestHost.start(testdev());
    await toolStackCreates(host.platform.store, host.id, ['0000:00:06.0']);
    await using xpci = await Xpci.connect(host.guest);
    const fn = xpci.open(FIRST);
    fn.setEnabled(true);
    assert.equal(fn.config.read(4, 2) & 3, 3);
    const memory = fn.openRegion(0);
    memory.write64(8, 0x0123_4567_89ab_cdefn);
    assert.deepEqual([memory.read32(8), memory.read16(12), memory.read8(15)], [0x89ab_cdef, 0x4567, 0x01]);
    const ports = fn.openRegion(1);
    ports.write16(2, 0xbeef);
    assert.equal(ports.read8(3), 0xbe);
    assert.throws(() => ports.read64(0), { code: 'REGION_REFUSED' });
    assert.throws(() => fn.openRegion(2), { code: 'REGION_ABSENT' });
    ports.close();
    assert.equal(host.held['ranges'], 1);
    fn.close();
    assert.equal(host.held['ranges'], 0);
    assert.throws(() => fn.openRegion(0), { code: 'REGION_CLOSED' });
    await assert.rejects(fn.reset(), { code: 'RESET_UNAVAILABLE' });
  });

  test('a policy refusal is said', async () => {
    const { fn, end } = await withDisk();
    assert.throws(
      () => {
        // A write of vital product data.
        fn.config.write(0xd2, 2, 0x8000);
      },
      { code: 'CONFIG_REFUSED' },
    );
    await end();
  });

  test('DMA memory ends with the function', async () => {
    const { host, fn, end } = await withDisk();
    const first = await fn.dma?.allocate(4096);
    await fn.dma?.allocate(4096);
    first?.[Symbol.dispose]();
    assert.equal(host.held['buffers'], 1);
    const late = fn.dma?.allocate(4096);
    fn.close();
    await late;
    assert.equal(host.held['buffers'], 0);
    await end();
  });
});

describe('interrupts', () => {
  const bound = (host: GuestHost, pirq: number): MemoryPirq => {
    const found = host.guest.bound.get(pirq);
    assert.ok(found !== undefined, `pirq ${pirq} is not bound`);
    return found;
  };
  /** The pirq that the host mapped for an entry of the vector table. */
  const pirqOf = (host: GuestHost, entry: number): number => {
    for (const [pirq, { route }] of host.platform.mapped)
      if (route.kind === 'msi' || (route.kind === 'msix' && route.entry === entry)) return pirq;
    assert.fail(`entry ${entry} is not mapped`);
  };

  test('INTx is the pirq of the interrupt line, and taking the next one acknowledges', async () => {
    const { host, fn, end } = await withDisk();
    assert.equal(fn.interruptLine, 16);
    const stream = interruptsOf(fn).open({ kind: 'intx' });
    const line = bound(host, 16);
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    line.raise();
    assert.deepEqual(await first, { done: false, value: { source: { kind: 'intx' }, count: 1 } });
    assert.equal(line.acknowledged, 0);
    const second = iterator.next();
    await Promise.resolve();
    assert.equal(line.acknowledged, 1);
    line.raise();
    line.raise();
    assert.equal(((await second).value as Interrupt).count >= 1, true);
    stream[Symbol.dispose]();
    assert.deepEqual([line.open, line.acknowledged], [false, 2]);
    assert.equal((await iterator.next()).done, true);
    assert.equal(stream.wait(1000), undefined);
    await end();
  });

  test('MSI is mapped while a stream is open; its wait blocks', async () => {
    const { host, fn, end } = await withDisk();
    const { available } = interruptsOf(fn);
    assert.deepEqual(available, { intx: 1, msi: 1, msix: VECTORS });
    const stream = interruptsOf(fn).open({ kind: 'msi', vector: 0 });
    assert.equal(host.held['pirqs'], 1);
    const pirq = bound(host, pirqOf(host, 0));
    assert.equal(stream.wait(5), undefined);
    pirq.raise();
    pirq.raise();
    assert.deepEqual(stream.wait(1000), { source: { kind: 'msi', vector: 0 }, count: 2 });
    assert.equal(stream.wait(0), undefined);
    stream[Symbol.dispose]();
    assert.deepEqual([host.held['pirqs'], host.held['bound']], [0, 0]);
    await end();
  });

  test('MSI-X: the first stream enables all vectors, others join, the last to close disables', async () => {
    const { host, fn, end } = await withDisk();
    const interrupts = interruptsOf(fn);
    assert.throws(() => interrupts.open({ kind: 'msix', vector: 0 }), {
      code: 'INTERRUPT_FAILED',
      next: /setEnabled/,
    });
    assert.equal(host.held['pirqs'], 0);
    fn.setEnabled(true);
    const third = interrupts.open({ kind: 'msix', vector: 3 });
    assert.deepEqual([host.held['pirqs'], host.held['bound']], [VECTORS, 1]);
    const last = interrupts.open({ kind: 'msix', vector: VECTORS - 1 });
    assert.deepEqual([host.held['pirqs'], host.held['bound']], [VECTORS, 2]);
    for (const [stream, vector] of [
      [third, 3],
      [last, VECTORS - 1],
    ] as const) {
      bound(host, pirqOf(host, vector)).raise();
      assert.deepEqual(stream.wait(1000), { source: { kind: 'msix', vector }, count: 1 });
    }
    assert.throws(() => interrupts.open({ kind: 'msix', vector: 3 }), { code: 'INTERRUPT_TAKEN' });
    assert.throws(() => interrupts.open({ kind: 'msi', vector: 0 }), { code: 'INTERRUPT_TAKEN' });
    assert.throws(() => interrupts.open({ kind: 'msix', vector: VECTORS }), { code: 'INTERRUPT_ABSENT' });
    third[Symbol.dispose]();
    assert.equal(host.held['pirqs'], VECTORS);
    interrupts.open({ kind: 'msix', vector: 3 });
    fn.close();
    assert.deepEqual([host.held['pirqs'], host.held['bound']], [0, 0]);
    assert.throws(() => interrupts.open({ kind: 'msix', vector: 0 }), { code: 'INTERRUPT_ABSENT' });
    await end();
  });

  test('fewer vectors where the program wants fewer', async () => {
    const { host, fn, end } = await withDisk({ msixVectors: 4 });
    assert.equal(interruptsOf(fn).available.msix, 4);
    fn.setEnabled(true);
    interruptsOf(fn).open({ kind: 'msix', vector: 1 });
    assert.equal(host.held['pirqs'], 4);
    await end();
  });

  test('a pirq that the host refuses, or that cannot be bound, leaves nothing on', async () => {
    const { host, fn, end } = await withDisk();
    fn.setEnabled(true);
    host.platform.refusePirq = 5;
    assert.throws(() => interruptsOf(fn).open({ kind: 'msix', vector: 0 }), { code: 'INTERRUPT_FAILED' });
    assert.equal(host.held['pirqs'], 0);
    host.guest.refuseBind = true;
    assert.throws(() => interruptsOf(fn).open({ kind: 'msix', vector: 0 }), { code: 'INTERRUPT_FAILED' });
    assert.equal(host.held['pirqs'], 0);
    host.guest.refuseBind = false;
    interruptsOf(fn).open({ kind: 'msix', vector: 0 });
    await end();
  });

  test('a detach ends the streams, and what they waited for', async () => {
    const { host, fn, end } = await withDisk();
    fn.setEnabled(true);
    const stream = interruptsOf(fn).open({ kind: 'msix', vector: 2 });
    const taken: Interrupt[] = [];
    const reading = (async () => {
      for await (const interrupt of stream) taken.push(interrupt);
    })();
    bound(host, pirqOf(host, 2)).raise();
    await host.settled(() => taken.length === 1);
    await toolStackDetaches(host.platform.store, host.id, DISK);
    await reading;
    assert.deepEqual([host.held['pirqs'], host.held['bound']], [0, 0]);
    await host.settled(() => host.states === '4/4');
    await end();
  });
});
