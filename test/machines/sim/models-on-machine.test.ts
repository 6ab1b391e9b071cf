/** The device models on the simulated machine, driven as a program drives them: regions, interrupts, DMA, resets. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type {
  DmaBuffer,
  Dma,
  InterruptSource,
  Interrupts,
  PciFunction,
} from '../../../src/function/index.js';
import { SimMachine } from '../../../src/machines/sim/index.js';
import {
  PciAddress,
  clearingRegisters,
  decodeTable,
  decodedFields,
  testdevRegisters,
  type RegisterTable,
} from '../../../src/pci/index.js';
import { CC_ENABLED, FREE, NvmeHost } from './nvme-host.js';

const COMMAND = 0x04;
const MASTER = 0x0004;
const MILLISECOND = 1_000_000;

/** A machine with one device, its function open and on. */
function plug(
  model: string,
  given: { readonly fn?: number; readonly options?: Record<string, unknown> } = {},
) {
  const { fn: number = 0, options = {} } = given;
  const machine = new SimMachine(
    { roots: [{ bus: 0, slots: [{ slot: '03', model, options }] }] },
    { clock: 'manual' },
  );
  const open = (which: number): PciFunction & { readonly interrupts: Interrupts; readonly dma: Dma } => {
    const fn = machine.open(new PciAddress(0, 0, 3, which));
    const { interrupts, dma } = fn;
    assert.ok(interrupts !== undefined && dma !== undefined);
    fn.setEnabled(true);
    fn.config.write(COMMAND, 2, fn.config.read(COMMAND, 2) | MASTER);
    return Object.assign(fn, { interrupts, dma });
  };
  return { machine, fn: open(number), open };
}

/** Registers of a region that are not 0, by dotted name. */
function shown(fn: PciFunction, region: number, table: RegisterTable): Record<string, number | bigint> {
  using opened = fn.openRegion(region);
  const reader = {
    size: opened.info.size,
    read: (offset: number, width: 1 | 2 | 4) =>
      width === 4 ? opened.read32(offset) : width === 2 ? opened.read16(offset) : opened.read8(offset),
  };
  const fields = decodedFields(decodeTable(table, reader));
  return Object.fromEntries(fields.filter(({ raw }) => raw !== 0).map(({ name, raw }) => [name, raw]));
}

test('testdev: one access of a region is one access of the device, of the same width', () => {
  const { machine, fn } = plug('testdev');
  using memory = fn.openRegion(0);
  using ports = fn.openRegion(1);
  memory.write8(1, 0x12);
  memory.write16(2, 0x3456);
  memory.write32(4, 0x789a_bcde);
  memory.write64(8, 0x0123_4567_89ab_cdefn);
  assert.equal(memory.read8(1), 0x12);
  assert.equal(memory.read16(2), 0x3456);
  assert.equal(memory.read32(4), 0x789a_bcde);
  assert.equal(memory.read64(8), 0x0123_4567_89ab_cdefn);
  ports.write8(0, 1);
  ports.write16(2, 2);
  ports.write32(4, 4);
  for (let count = 0; count < 2; count++) ports.read8(0);
  for (let count = 0; count < 3; count++) ports.read16(0);
  for (let count = 0; count < 4; count++) ports.read32(0);
  assert.deepEqual(shown(fn, 2, testdevRegisters), {
    'testdev.memory_reads_8': 1,
    'testdev.memory_reads_16': 1,
    'testdev.memory_reads_32': 1,
    'testdev.memory_reads_64': 1,
    'testdev.memory_writes_8': 1,
    'testdev.memory_writes_16': 1,
    'testdev.memory_writes_32': 1,
    'testdev.memory_writes_64': 1,
    'testdev.port_reads_8': 2,
    'testdev.port_reads_16': 3,
    'testdev.port_reads_32': 4,
    'testdev.port_writes_8': 1,
    'testdev.port_writes_16': 1,
    'testdev.port_writes_32': 1,
  });
  machine[Symbol.dispose]();
});

test('clearing: a decoder reads each register once, so what it shows is what was there', () => {
  const { machine, fn } = plug('clearing');
  using region = fn.openRegion(0);
  using messages = fn.interrupts.open({ kind: 'msi', vector: 0 });
  region.write32(0x0c, 0x80);
  region.write32(0x08, 0x81);
  assert.deepEqual(messages.wait(1), { source: { kind: 'msi', vector: 0 }, count: 1 });
  const all = { 'clearing.status': 0x81, 'clearing.enable': 0x80, 'clearing.count': 2 };
  assert.deepEqual(shown(fn, 0, clearingRegisters), { 'clearing.latch': 0x81, ...all });
  assert.deepEqual(shown(fn, 0, clearingRegisters), all);
  machine[Symbol.dispose]();
});

test('edu: the factorial fault is switched on and off while it runs', () => {
  const { machine, fn } = plug('edu');
  using region = fn.openRegion(0);
  const factorial = (n: number) => {
    region.write32(0x08, n);
    while ((region.read32(0x20) & 1) === 1);
    return region.read32(0x08);
  };
  assert.equal(factorial(6), 720);
  machine.inject(fn.address, { fault: 'model', name: 'factorial' });
  assert.equal(factorial(6), 721);
  assert.equal(machine.clear(fn.address, 'factorial'), true);
  assert.equal(factorial(6), 720);
  machine[Symbol.dispose]();
});

describe('multi', () => {
  test('functions 0, 1 and 3 of one device, which tells that it has several', () => {
    const { machine, fn } = plug('multi');
    assert.deepEqual(
      machine.list().map(({ address, device }) => [address.function, device]),
      [
        [0, 0x5110],
        [1, 0x5111],
        [3, 0x5113],
      ],
    );
    assert.equal(fn.config.read(0x0e, 1), 0x80);
    machine[Symbol.dispose]();
  });

  test('pins: ports, and INTx on change', () => {
    const { machine, fn } = plug('multi');
    using pins = fn.openRegion(0);
    using line = fn.interrupts.open({ kind: 'intx' });
    assert.equal(line.wait(1), undefined);
    pins.write16(0x10, 0x0200);
    pins.write16(0x04, 0x0002);
    assert.deepEqual(line.wait(1), { source: { kind: 'intx' }, count: 1 });
    assert.equal(pins.read16(0x0c), 0x0202);
    pins.write16(0x0c, 0x0202);
    assert.equal(line.wait(1), undefined);
    machine[Symbol.dispose]();
  });

  for (const source of [{ kind: 'intx' }, { kind: 'msi', vector: 0 }] satisfies InterruptSource[]) {
    test(`timer: each period with ${source.kind}`, () => {
      const { machine, fn } = plug('multi', { fn: 1 });
      using timer = fn.openRegion(0);
      using stream = fn.interrupts.open(source);
      timer.write32(0x00, 5 * MILLISECOND);
      timer.write32(0x04, 7);
      const start = machine.clock.now;
      for (let period = 1; period <= 5; period++) {
        assert.ok(stream.wait(100) !== undefined);
        assert.equal(Math.round((machine.clock.now - start) / MILLISECOND), period * 5);
        assert.equal(timer.read32(0x0c), 1);
        timer.write32(0x0c, 1);
      }
      timer.write32(0x04, 0);
      assert.equal(stream.wait(100), undefined);
      assert.equal(timer.read32(0x10), 5);
      machine[Symbol.dispose]();
    });
  }

  test('copy engine: copies through the IOMMU, and reports what it cannot reach', async () => {
    const { machine, fn } = plug('multi', { fn: 3 });
    using copier = fn.openRegion(0);
    using done = fn.interrupts.open({ kind: 'msix', vector: 0 });
    using fault = fn.interrupts.open({ kind: 'msix', vector: 1 });
    using from: DmaBuffer = await fn.dma.allocate(0x4000);
    using to: DmaBuffer = await fn.dma.allocate(0x4000);
    const content = Uint8Array.from({ length: 0x3001 }, (_, index) => index % 253);
    from.bytes.set(content);
    const copy = (source: bigint, destination: bigint, bytes: number) => {
      copier.write64(0x00, source);
      copier.write64(0x08, destination);
      copier.write32(0x10, bytes);
      copier.write32(0x14, 3);
    };
    copy(from.iova, to.iova + 7n, content.length);
    assert.deepEqual(done.wait(10), { source: { kind: 'msix', vector: 0 }, count: 1 });
    assert.equal(Buffer.compare(to.bytes.slice(7, 7 + content.length), content), 0);

    copy(to.iova, 0x1234_5000n, 0x1000);
    assert.deepEqual(fault.wait(10), { source: { kind: 'msix', vector: 1 }, count: 1 });
    const { count, recent } = machine.iommuFaults;
    assert.equal(count, 1);
    assert.equal(recent[0]?.iova, 0x1234_5000n);
    assert.equal(recent[0]?.access, 'write');
    assert.equal(recent[0]?.requester.toString(), String(fn.address));

    fn.config.write(COMMAND, 2, fn.config.read(COMMAND, 2) & ~MASTER);
    copy(from.iova, to.iova, 16);
    assert.equal(fault.wait(10), undefined, 'a message is a write, too');
    assert.equal(copier.read32(0x18), 3);
    assert.deepEqual(
      machine.iommuFaults.recent.slice(1).map(({ access, why }) => [access, why]),
      [
        ['read', 'bus_master_off'],
        ['message', 'bus_master_off'],
      ],
    );
    machine[Symbol.dispose]();
  });

  test('a function level reset is of one function', async () => {
    const { machine, fn, open } = plug('multi', { fn: 1 });
    const other = open(0);
    using timer = fn.openRegion(0);
    using pins = other.openRegion(0);
    pins.write16(0x00, 0x1234);
    timer.write32(0x00, 5_000);
    timer.write32(0x04, 3);
    assert.equal(await fn.reset(), 'flr');
    assert.deepEqual([timer.read32(0x00), timer.read32(0x04), timer.read32(0x10)], [0, 0, 0]);
    assert.equal(pins.read16(0x00), 0x1234);
    machine[Symbol.dispose]();
  });
});

describe('nvme', () => {
  /** The model, with raw commands over a buffer that stands where the host of the tests expects memory. */
  async function makeHost(options: Record<string, unknown>) {
    const { machine, fn } = plug('nvme', { options });
    const region = fn.openRegion(0);
    const buffer = await fn.dma.allocate(0x10_0000);
    const base = Number(buffer.iova);
    const memory = buffer.bytes;
    const host = new NvmeHost({
      read32: (offset) => Promise.resolve(region.read32(offset)),
      write32: (offset, value) => {
        region.write32(offset, value >>> 0);
        return Promise.resolve();
      },
      readMemory: (address, bytes) => Promise.resolve(memory.slice(address - base, address - base + bytes)),
      writeMemory: (address, bytes) => {
        memory.set(bytes, address - base);
        return Promise.resolve();
      },
      pause: () => {
        machine.clock.advance(MILLISECOND);
        return Promise.resolve();
      },
    });
    return { machine, fn, region, host, memory, data: FREE - base };
  }

  test('INTx: the line stands until the host has taken what was completed', async () => {
    const { machine, fn, host, region } = await makeHost({});
    using line = fn.interrupts.open({ kind: 'intx' });
    await host.start();
    await host.put({ opcode: 0x0a, dword10: 0x07 });
    await host.ring();
    assert.ok(line.wait(10) !== undefined);
    assert.equal(fn.config.read(0x06, 2) & 8, 8);
    assert.ok((await host.poll()) !== undefined);
    assert.equal(fn.config.read(0x06, 2) & 8, 0);
    assert.equal(line.wait(10), undefined);
    region.close();
    machine[Symbol.dispose]();
  });

  test('the disk of a program is written through the device, and outlives each of its resets', async () => {
    const disk = new Uint8Array(64 << 10);
    const { machine, fn, host, memory, data } = await makeHost({ disk });
    await host.start();
    assert.deepEqual(await host.createPair(1, 16, 0), [0, 0]);
    memory.fill(0x5a, data, data + 512);
    assert.equal((await host.command({ opcode: 1, namespace: 1, prp1: FREE, dword10: 7 }, 1)).status, 0);
    assert.ok(disk.subarray(7 * 512, 8 * 512).every((byte) => byte === 0x5a));
    assert.equal(await fn.reset(), 'flr');
    memory.fill(0, data, data + 512);
    await host.start();
    assert.deepEqual(await host.createPair(1, 16, 0), [0, 0]);
    assert.equal((await host.command({ opcode: 2, namespace: 1, prp1: FREE, dword10: 7 }, 1)).status, 0);
    assert.ok(memory.subarray(data, data + 512).every((byte) => byte === 0x5a));
    machine[Symbol.dispose]();
  });

  test('without bus mastering its queues cannot be reached, which is fatal', async () => {
    const { machine, fn, host, region } = await makeHost({});
    await host.start();
    fn.config.write(COMMAND, 2, fn.config.read(COMMAND, 2) & ~MASTER);
    region.write32(0x1000, 1);
    machine.clock.advance(MILLISECOND);
    assert.equal(region.read32(0x1c), 3);
    assert.equal(machine.iommuFaults.recent.at(-1)?.why, 'bus_master_off');
    fn.config.write(COMMAND, 2, fn.config.read(COMMAND, 2) | MASTER);
    await host.start();
    assert.equal((await host.command({ opcode: 0x0a, dword10: 0x07 })).status, 0);
    assert.equal(region.read32(0x14), CC_ENABLED);
    machine[Symbol.dispose]();
  });

  test('pulled out while commands wait: all ones, and nothing comes any more', async () => {
    const { machine, fn, host, region, memory } = await makeHost({});
    await host.start();
    await host.put({ opcode: 0x0a, dword10: 0x07 });
    await host.ring();
    machine.inject(fn.address, { fault: 'removed' });
    const before = memory.slice();
    machine.clock.advance(100 * MILLISECOND);
    assert.equal(region.read32(0x1c), 0xffff_ffff);
    assert.equal(Buffer.compare(memory, before), 0);
    machine[Symbol.dispose]();
  });
});
