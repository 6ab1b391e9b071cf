/** Memory and the IOMMU of the simulator: who reaches what, what is recorded, and what ends with its owner. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { IommuFault, Iova } from '../../../src/function/index.js';
import { PciAddress } from '../../../src/pci/index.js';
import { MachineMemoryError, parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { ProbeKind } from './probe.js';

const COMMAND = 0x04;
const READ_WRITE = { read: true, write: true };
const iova = (value: bigint | number) => BigInt(value) as Iova;

/** Two probes behind a bridge, the first one open and a bus master. */
function twoProbes(memory = 0x100_0000) {
  const kind = new ProbeKind();
  const machine = new SimMachine(
    parseMachine(`
      memory: ${memory}
      roots: [{slots: [{slot: "01", bridge: {}, bus: [{slot: "00", model: probe}, {slot: "01", model: probe}]}]}]
    `),
    { kinds: [kind], clock: 'manual' },
  );
  const fn = machine.open(new PciAddress(0, 1, 0, 0));
  fn.config.write(COMMAND, 2, 7);
  return { machine, host: machine.host, fn, bus: kind.probe(0).bus, otherBus: kind.probe(1).bus };
}

describe('memory', () => {
  test('ranges are whole pages of zeros, the lowest that are free, and not each other’s', () => {
    const { host } = twoProbes();
    const one = host.allocateMemory(1);
    const two = host.allocateMemory(8192);
    assert.deepEqual([one.base, one.buffer.byteLength], [0x10_0000, 4096]);
    assert.deepEqual([two.base, two.buffer.byteLength], [0x10_1000, 8192]);
    new Uint8Array(one.buffer).fill(0xff);
    one.free();
    one.free();
    const three = host.allocateMemory(4096);
    assert.equal(three.base, 0x10_0000);
    assert.ok(new Uint8Array(three.buffer).every((byte) => byte === 0));
    const four = host.allocateMemory(4096);
    assert.equal(four.base, 0x10_3000);
  });

  test('a large buffer that was freed is the next one of that size, and holds nothing of what it held', () => {
    const { host } = twoProbes();
    const bytes = 2 ** 20;
    const first = host.allocateMemory(bytes);
    const written = new Uint8Array(first.buffer);
    for (const at of [0, 4095, 4096, bytes - 1]) written[at] = 0xff;
    first.free();
    const other = host.allocateMemory(2 * bytes);
    const next = host.allocateMemory(bytes);
    assert.notEqual(other.buffer, first.buffer);
    assert.equal(next.buffer, first.buffer, 'the collector would not have come for it soon');
    assert.ok(new Uint8Array(next.buffer).every((byte) => byte === 0));
    assert.notEqual(host.allocateMemory(bytes).buffer, first.buffer);
  });

  test('what is used up is refused, with what is left', () => {
    const { host } = twoProbes(0x3000);
    const [first] = [host.allocateMemory(4096), host.allocateMemory(4096)];
    first.free();
    assert.throws(
      () => host.allocateMemory(8193),
      (error: unknown) => error instanceof MachineMemoryError && error.evidence['free'] === 8192,
    );
    host.allocateMemory(4096);
    host.allocateMemory(4096);
    assert.throws(() => host.allocateMemory(1), MachineMemoryError);
  });
});

describe('IOMMU', () => {
  test('a requester reaches the memory of its context, and no other', () => {
    const { host, fn, bus, otherBus } = twoProbes();
    const memory = host.allocateMemory(8192);
    const context = host.createContext('guest 3');
    context.map(iova(0x4000), memory.base, 8192, READ_WRITE);
    host.assignContext(fn.address, context);
    const bytes = new Uint8Array(memory.buffer);
    assert.equal(bus.dmaWrite(iova(0x4ffe), Uint8Array.of(1, 2, 3, 4)), 'done');
    assert.deepEqual([...bytes.subarray(0xffd, 0x1003)], [0, 1, 2, 3, 4, 0]);
    const into = new Uint8Array(4);
    assert.equal(bus.dmaRead(iova(0x4ffe), into), 'done');
    assert.deepEqual([...into], [1, 2, 3, 4]);
    assert.equal(otherBus.dmaRead(iova(0x4ffe), into), 'fault');
    assert.deepEqual([...into], [0xff, 0xff, 0xff, 0xff], 'as a bus master that nobody answers');
  });

  test('each fault tells who, where, what and why', () => {
    const { machine, host, fn, bus } = twoProbes();
    const memory = host.allocateMemory(8192);
    const context = host.createContext('guest 3');
    context.map(iova(0x4000), memory.base, 4096, { read: true, write: false });
    host.assignContext(fn.address, context);
    const heard: IommuFault[] = [];
    const listening = host.onFault((fault) => heard.push(fault));
    const bytes = new Uint8Array(0x20);
    assert.equal(bus.dmaRead(iova(0x4ff0), bytes), 'fault');
    assert.equal(bus.dmaWrite(iova(0x4000), bytes), 'fault');
    host.assignContext(fn.address, undefined);
    assert.equal(bus.dmaRead(iova(0x4000), bytes), 'fault');
    fn.config.write(COMMAND, 2, 3);
    assert.equal(bus.dmaWrite(iova(0x4000), bytes), 'fault');
    listening[Symbol.dispose]();
    fn.config.write(COMMAND, 2, 7);
    assert.equal(bus.dmaWrite(iova(-1n & 0xffff_ffff_ffff_ffffn), bytes), 'fault');
    const requester = fn.address;
    assert.deepEqual(
      heard.map((fault) => ({ ...fault })),
      [
        { requester, iova: 0x5000n, access: 'read', why: 'unmapped', context: 'guest 3' },
        { requester, iova: 0x4000n, access: 'write', why: 'not_allowed', context: 'guest 3' },
        { requester, iova: 0x4000n, access: 'read', why: 'quarantined', context: undefined },
        { requester, iova: 0x4000n, access: 'write', why: 'bus_master_off', context: undefined },
      ],
    );
    assert.equal(machine.iommuFaults.count, 5);
    assert.ok(
      new Uint8Array(memory.buffer).every((byte) => byte === 0),
      'a fault writes nothing',
    );
    // Received master abort: two of the reads reached nobody.
    assert.equal(fn.config.read(6, 2) & 0x2000, 0x2000);
    fn.config.write(6, 2, 0x2000);
    assert.equal(fn.config.read(6, 2) & 0x2000, 0);
  });

  test('a bridge without bus mastering lets nothing up', () => {
    const { machine, fn, bus, host } = twoProbes();
    const memory = host.allocateMemory(4096);
    const context = host.createContext('all');
    context.map(iova(0), memory.base, 4096, READ_WRITE);
    host.assignContext(fn.address, context);
    using bridge = machine.open(new PciAddress(0, 0, 1, 0));
    const command = bridge.config.read(COMMAND, 2);
    bridge.config.write(COMMAND, 2, command & ~4);
    assert.equal(bus.dmaWrite(iova(0), Uint8Array.of(1)), 'fault');
    assert.equal(machine.iommuFaults.recent[0]?.why, 'bus_master_off');
    bridge.config.write(COMMAND, 2, command);
    assert.equal(bus.dmaWrite(iova(0), Uint8Array.of(1)), 'done');
  });

  test('the list of faults is bounded, their count is not', () => {
    const { machine, bus } = twoProbes();
    for (let index = 0; index < 1000; index++) bus.dmaRead(iova(index * 4096), new Uint8Array(1));
    assert.equal(machine.iommuFaults.count, 1000);
    assert.equal(machine.iommuFaults.recent.length, 256);
    assert.equal(machine.iommuFaults.recent.at(-1)?.iova, 999n * 4096n);
  });

  test('freed memory is out of every context before somebody else gets it', () => {
    const { host, fn, bus } = twoProbes();
    const memory = host.allocateMemory(8192);
    const context = host.createContext('guest 1');
    context.map(iova(0x1000), memory.base, 8192, READ_WRITE);
    host.assignContext(fn.address, context);
    memory.free();
    const next = host.allocateMemory(8192);
    assert.equal(next.base, memory.base);
    assert.equal(bus.dmaWrite(iova(0x1000), Uint8Array.of(1)), 'fault');
    assert.ok(new Uint8Array(next.buffer).every((byte) => byte === 0));
  });

  test('a context that has ended reaches nothing, and maps nothing any more', () => {
    const { host, fn, bus } = twoProbes();
    const memory = host.allocateMemory(4096);
    const context = host.createContext('guest 1');
    context.map(iova(0), memory.base, 4096, READ_WRITE);
    host.assignContext(fn.address, context);
    assert.equal(bus.dmaWrite(iova(0), Uint8Array.of(1)), 'done');
    context[Symbol.dispose]();
    assert.equal(bus.dmaWrite(iova(0), Uint8Array.of(2)), 'fault');
    assert.throws(() => {
      context.map(iova(0), memory.base, 4096, READ_WRITE);
    }, RangeError);
  });

  test('mappings are replaced and taken away by pages', () => {
    const { host, fn, bus } = twoProbes();
    const [one, two] = [host.allocateMemory(8192), host.allocateMemory(4096)];
    const context = host.createContext('guest 1');
    host.assignContext(fn.address, context);
    context.map(iova(0), one.base, 8192, READ_WRITE);
    context.map(iova(0x1000), two.base, 4096, READ_WRITE);
    assert.equal(bus.dmaWrite(iova(0xfff), Uint8Array.of(5, 6)), 'done');
    assert.deepEqual([new Uint8Array(one.buffer)[0xfff], new Uint8Array(two.buffer)[0]], [5, 6]);
    context.unmap(iova(0), 4096);
    assert.equal(bus.dmaWrite(iova(0), Uint8Array.of(5)), 'fault');
    assert.equal(bus.dmaWrite(iova(0x1000), Uint8Array.of(7)), 'done');
    for (const [at, bytes] of [
      [1n, 4096],
      [0n, 100],
      [0n, -4096],
    ] as const) {
      assert.throws(() => {
        context.map(iova(at), one.base, bytes, READ_WRITE);
      }, RangeError);
    }
  });

  test('a context of another machine is none', () => {
    const { host, fn } = twoProbes();
    assert.throws(() => {
      host.assignContext(fn.address, {
        name: 'x',
        map: () => undefined,
        unmap: () => undefined,
        [Symbol.dispose]: () => undefined,
      });
    }, TypeError);
  });

  test('property: a transfer is done with all its bytes, or faults with none', async () => {
    const PAGES = 16;
    const mapping = fc.record({
      page: fc.nat(PAGES - 1),
      target: fc.nat(PAGES - 1),
      read: fc.boolean(),
      write: fc.boolean(),
    });
    const transfer = fc.record({
      at: fc.nat(PAGES * 4096 - 1),
      length: fc.integer({ min: 1, max: 12_000 }),
      write: fc.boolean(),
    });
    const property = fc.property(
      fc.array(mapping, { maxLength: 24 }),
      fc.array(transfer, { minLength: 1, maxLength: 12 }),
      (mappings, transfers) => {
        const { host, fn, bus, machine } = twoProbes();
        const memory = host.allocateMemory(PAGES * 4096);
        const context = host.createContext('property');
        host.assignContext(fn.address, context);
        const pages = new Map<number, (typeof mappings)[number]>();
        for (const one of mappings) {
          context.map(iova(one.page * 4096), (memory.base + one.target * 4096) as never, 4096, one);
          pages.set(one.page, one);
        }
        const actual = new Uint8Array(memory.buffer);
        actual.forEach((_, index) => (actual[index] = (index * 7 + (index >> 8)) & 0xff));
        const model = Uint8Array.from(actual);
        for (const [round, { at, length, write }] of transfers.entries()) {
          const places: number[] = [];
          let allowed = true;
          for (let index = 0; index < length; index++) {
            const page = pages.get(Math.floor((at + index) / 4096));
            if (page === undefined || !(write ? page.write : page.read)) allowed = false;
            places.push((page?.target ?? 0) * 4096 + ((at + index) % 4096));
          }
          const bytes = new Uint8Array(length).fill(round + 1);
          const faults = machine.iommuFaults.count;
          const result = write ? bus.dmaWrite(iova(at), bytes) : bus.dmaRead(iova(at), bytes);
          assert.equal(result, allowed ? 'done' : 'fault');
          assert.equal(machine.iommuFaults.count - faults, allowed ? 0 : 1);
          if (write && allowed) for (const place of places) model[place] = round + 1;
          if (!write)
            assert.ok(bytes.every((byte, index) => byte === (allowed ? model[places[index] ?? 0] : 0xff)));
          assert.deepEqual(Buffer.from(actual).compare(Buffer.from(model)), 0);
        }
      },
    );
    await checkProperty('sim: a DMA is all of a transfer or nothing', property);
  });
});

describe('DMA of a program', () => {
  test('memory is shared with the device, at low addresses, until it is given back', async () => {
    const { fn, bus, otherBus } = twoProbes();
    const buffer = await fn.dma?.allocate(100);
    assert.ok(buffer);
    assert.equal(buffer.bytes.length, 100);
    assert.ok(buffer.iova < 1n << 28n);
    assert.equal(bus.dmaWrite(buffer.iova, Uint8Array.of(1, 2, 3)), 'done');
    assert.deepEqual([...buffer.bytes.subarray(0, 4)], [1, 2, 3, 0]);
    assert.equal(
      otherBus.dmaWrite(buffer.iova, Uint8Array.of(1)),
      'fault',
      'another function has its own context',
    );
    buffer[Symbol.dispose]();
    buffer[Symbol.dispose]();
    assert.equal(bus.dmaWrite(buffer.iova, Uint8Array.of(1)), 'fault');
  });

  test('views of one function share its addresses and end their own', async () => {
    const { machine, fn, bus } = twoProbes();
    const other = machine.open(fn.address);
    const [one, two] = [await fn.dma?.allocate(4096), await other.dma?.allocate(8192)];
    assert.ok(one !== undefined && two !== undefined);
    assert.notEqual(one.iova, two.iova);
    other.close();
    assert.equal(bus.dmaWrite(two.iova, Uint8Array.of(1)), 'fault');
    assert.equal(bus.dmaWrite(one.iova, Uint8Array.of(1)), 'done');
    const late = other.dma?.allocate(4096);
    await assert.rejects(async () => late, { code: 'FUNCTION_CLOSED' });
  });

  test('a function that somebody else has been given does not reach them, and does again afterwards', async () => {
    const { host, fn, bus } = twoProbes();
    const buffer = await fn.dma?.allocate(4096);
    assert.ok(buffer);
    host.assignContext(fn.address, host.createContext('guest 7'));
    assert.equal(bus.dmaWrite(buffer.iova, Uint8Array.of(1)), 'fault');
    host.assignContext(fn.address, undefined);
    assert.equal(bus.dmaWrite(buffer.iova, Uint8Array.of(1)), 'fault');
    host.assignContext(fn.address, 'program');
    assert.equal(bus.dmaWrite(buffer.iova, Uint8Array.of(1)), 'done');
  });

  test('10000 buffers leave nothing behind', async () => {
    const { fn, host } = twoProbes(0x10_0000);
    for (let round = 0; round < 10_000; round++) {
      using buffer = await fn.dma?.allocate(8192);
      assert.equal(buffer?.iova, 0x10_0000n);
    }
    assert.equal(host.allocateMemory(0x10_0000).base, 0x10_0000);
  });
});
