/** A function of the guest's bus as a resource: configuration space, regions, interrupts, DMA, and their ends. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Interrupt, PciFunction } from '../../src/function/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { Xpci, type XpciOptions } from '../../src/xpci/index.js';
import { toolStackCreates, toolStackDetaches } from '../pciback/front-end.js';
import { disk, edu, testdev } from '../function/shapes.js';
import { lineOf } from '../function/simulated-host.js';
import { DISK, EDU, GuestHost } from './guest.js';

const FIRST = new PciAddress(0, 0, 0, 0);
const SECOND = new PciAddress(0, 0, 1, 0);
const VECTORS = 17;
const LINE = lineOf(disk()) ?? 0;

async function withDisk(options: XpciOptions = {}) {
  const host = await GuestHost.start();
  await toolStackCreates(host.platform.store, host.id, [DISK, EDU]);
  const xpci = await Xpci.connect(host.guest, options);
  const fn = xpci.open(FIRST);
  return {
    host,
    xpci,
    fn,
    [Symbol.asyncDispose]: async () => {
      await xpci.close();
      await host[Symbol.asyncDispose]();
    },
  };
}

function interruptsOf(fn: PciFunction) {
  assert.ok(fn.interrupts !== undefined);
  return fn.interrupts;
}

describe('configuration space and regions', () => {
  test('each function reads as the hardware does, in every width, but for what is the back end’s', async () => {
    await using all = await withDisk();
    const { host, xpci } = all;
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
          // Command's copy; what wake-up events could do.
          if ([0x04, 0x05, 0x62, 0x63].some((at) => at >= offset && at < offset + width)) continue;
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
    await using all = await withDisk();
    const { fn } = all;
    assert.throws(
      () => {
        // A write of vital product data.
        fn.config.write(0xd2, 2, 0x8000);
      },
      { code: 'CONFIG_REFUSED' },
    );
  });

  test('DMA memory is where the device finds it, and ends with the function', async () => {
    await using all = await withDisk();
    const { host, fn } = all;
    fn.config.write(4, 2, 4);
    const first = await fn.dma?.allocate(4096);
    assert.ok(first !== undefined);
    await fn.dma?.allocate(4096);
    const device = host.machine.device(disk().address).bus;
    assert.equal(device.dmaWrite(first.iova, Uint8Array.of(1, 2, 3)), 'done');
    assert.deepEqual([...first.bytes.subarray(0, 4)], [1, 2, 3, 0]);
    first[Symbol.dispose]();
    assert.equal(host.held['buffers'], 1);
    const late = fn.dma?.allocate(4096);
    fn.close();
    await late;
    assert.equal(host.held['buffers'], 0);
  });
});

describe('interrupts', () => {
  const bound = (host: GuestHost, pirq: number) => {
    const found = host.guest.bound.get(pirq);
    assert.ok(found !== undefined, `pirq ${pirq} is not bound`);
    return found;
  };
  /** The device itself, which raises them. */
  const deviceOf = (host: GuestHost) => host.machine.device(disk().address).bus;
  /** Messages are writes of a bus master. */
  const withMaster = async (options: XpciOptions = {}) => {
    const all = await withDisk(options);
    all.fn.config.write(4, 2, all.fn.config.read(4, 2) | 4);
    return { ...all, device: deviceOf(all.host) };
  };

  test('INTx is the pirq of the interrupt line, and taking the next one acknowledges', async () => {
    await using all = await withDisk();
    const { host, fn } = all;
    const device = deviceOf(host);
    assert.equal(fn.interruptLine, LINE);
    const stream = interruptsOf(fn).open({ kind: 'intx' });
    const line = bound(host, LINE);
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    device.setPin(true);
    const raised = { done: false, value: { source: { kind: 'intx' }, count: 1 } };
    assert.deepEqual(await first, raised);
    assert.equal(line.acknowledged, 0);
    const second = iterator.next();
    await Promise.resolve();
    assert.equal(line.acknowledged, 1);
    // The pin is still high, and has interrupted again.
    assert.deepEqual(await second, raised);
    device.setPin(false);
    assert.equal(stream.wait(5), undefined);
    assert.equal(line.acknowledged, 2);
    device.setPin(true);
    assert.deepEqual(stream.wait(1000), raised.value);
    stream[Symbol.dispose]();
    assert.deepEqual([line.open, line.acknowledged], [false, 3]);
    assert.equal((await iterator.next()).done, true);
    assert.equal(stream.wait(1000), undefined);
  });

  test('MSI is mapped while a stream is open; its wait blocks', async () => {
    await using all = await withMaster();
    const { host, fn, device } = all;
    const { available } = interruptsOf(fn);
    assert.deepEqual(available, { intx: 1, msi: 1, msix: VECTORS });
    const stream = interruptsOf(fn).open({ kind: 'msi', vector: 0 });
    assert.equal(host.held['pirqs'], 1);
    assert.deepEqual([...host.guest.bound.keys()], [host.messages[0]?.pirq]);
    assert.equal(stream.wait(5), undefined);
    device.message(0);
    device.message(0);
    assert.deepEqual(stream.wait(1000), { source: { kind: 'msi', vector: 0 }, count: 2 });
    assert.equal(stream.wait(0), undefined);
    stream[Symbol.dispose]();
    assert.deepEqual([host.held['pirqs'], host.held['bound']], [0, 0]);
  });

  test('MSI-X: the first stream enables all vectors, others join, the last to close disables', async () => {
    await using all = await withMaster();
    const { host, fn, device } = all;
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
      device.message(vector);
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
  });

  test('fewer vectors where the program wants fewer', async () => {
    await using all = await withDisk({ msixVectors: 4 });
    const { host, fn } = all;
    assert.equal(interruptsOf(fn).available.msix, 4);
    fn.setEnabled(true);
    interruptsOf(fn).open({ kind: 'msix', vector: 1 });
    assert.equal(host.held['pirqs'], 4);
  });

  test('a pirq that the host refuses, or that cannot be bound, leaves nothing on', async () => {
    await using all = await withDisk();
    const { host, fn } = all;
    fn.setEnabled(true);
    host.platform.refusePirq = 5;
    assert.throws(() => interruptsOf(fn).open({ kind: 'msix', vector: 0 }), { code: 'INTERRUPT_FAILED' });
    assert.equal(host.held['pirqs'], 0);
    host.guest.refuseBind = true;
    assert.throws(() => interruptsOf(fn).open({ kind: 'msix', vector: 0 }), { code: 'INTERRUPT_FAILED' });
    assert.equal(host.held['pirqs'], 0);
    host.guest.refuseBind = false;
    interruptsOf(fn).open({ kind: 'msix', vector: 0 });
  });

  test('a detach ends the streams, and what they waited for', async () => {
    await using all = await withMaster();
    const { host, fn, device } = all;
    fn.setEnabled(true);
    const stream = interruptsOf(fn).open({ kind: 'msix', vector: 2 });
    const taken: Interrupt[] = [];
    const reading = (async () => {
      for await (const interrupt of stream) taken.push(interrupt);
    })();
    device.message(2);
    await host.settled(() => taken.length === 1);
    await toolStackDetaches(host.platform.store, host.id, DISK);
    await reading;
    assert.deepEqual([host.held['pirqs'], host.held['bound']], [0, 0]);
    await host.settled(() => host.states === '4/4');
  });
});
