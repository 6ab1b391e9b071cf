/** Tests of the `edu` model: each register rule, the two clocks, interrupts by pin and by message, and DMA. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { edu } from '../../../src/machines/sim/models/index.js';
import { MachineDescriptionError } from '../../../src/machines/sim/errors.js';
import { checkTable, decodeTable, dottedName, eduRegisters } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { MemoryBus } from './memory-bus.js';

const ALL_ONES = 0xffff_ffff;
const DMA_NANOSECONDS = 100_000_000;

function make(given: Record<string, unknown> = {}, bytes?: number) {
  const bus = new MemoryBus(bytes);
  const model = edu.create(edu.options(given), 0, bus);
  return {
    bus,
    model,
    read: (offset: number) => model.read(0, offset, 4),
    write: (offset: number, value: number) => {
      model.write(0, offset, 4, value);
    },
    read64: (offset: number) => model.read64?.(0, offset),
    write64: (offset: number, value: bigint) => model.write64?.(0, offset, value),
  };
}

/** Starts a transfer and lets it end. */
function transfer(device: ReturnType<typeof make>, from: bigint, to: bigint, count: bigint, command: bigint) {
  device.write64(0x80, from);
  device.write64(0x88, to);
  device.write64(0x90, count);
  device.write64(0x98, command);
  device.bus.advance(DMA_NANOSECONDS);
}

test('what a header shows is what QEMU shows', () => {
  assert.deepEqual(edu.functions(edu.options({})), [
    {
      function: 0,
      shape: {
        vendor: 0x1234,
        device: 0x11e8,
        subsystemVendor: 0x1af4,
        subsystemDevice: 0x1100,
        classCode: 0x00ff00,
        revision: 0x10,
        regions: [{ index: 0, kind: 'memory', size: 0x10_0000 }],
        pin: 1,
        msi: { vectors: 1 },
      },
    },
  ]);
});

test('the register table is sound and decodes what the device reads', () => {
  assert.deepEqual(checkTable(eduRegisters), []);
  const { model, write } = make();
  write(0x04, 0x1234_5678);
  const decoded = decodeTable(eduRegisters, {
    size: 1 << 20,
    read: (offset, width) => model.read(0, offset, width),
  });
  const hexOf = (name: string) =>
    decoded.flatMap((register) => (register.readable && register.name === name ? [register.hex] : []))[0];
  assert.equal(hexOf('edu.identification'), '0x010000ed');
  assert.equal(hexOf('edu.liveness'), '0xedcba987');
});

test('identification is read only, liveness inverts', () => {
  const { read, write } = make();
  assert.equal(read(0x00), 0x0100_00ed);
  write(0x00, 0);
  assert.equal(read(0x00), 0x0100_00ed);
  assert.equal(read(0x04), 0);
  write(0x04, 0xdead_beef);
  assert.equal(read(0x04), 0x2152_4110);
});

test('widths: below 80h 4 bytes only, from there 4 or 8; narrower ones reach nothing and read 0', () => {
  const { model, read, write, read64, write64 } = make();
  write(0x04, 0xffff_0000);
  for (const width of [1, 2] as const) {
    for (const offset of [0x00, 0x04, 0x80]) assert.equal(model.read(0, offset, width), 0);
    model.write(0, 0x04, width, 0x55);
    model.write(0, 0x80, width, 0x55);
  }
  assert.equal(read(0x04), 0x0000_ffff);
  assert.equal(read64(0x80), 0n);

  assert.equal(read64(0x00), 0xffff_ffff_ffff_ffffn);
  write64(0x00, 0x1_0000_0000n);
  write64(0x08, 5n);
  assert.equal(read(0x04), 0x0000_ffff);
  assert.equal(read(0x08), 0);

  write64(0x80, 0x1234_5678_9abc_def0n);
  assert.equal(read64(0x80), 0x1234_5678_9abc_def0n);
  assert.equal(read(0x80), 0x9abc_def0);
  assert.equal(read(0x84), ALL_ONES, 'the high half has no address of its own');
  write(0x84, 1);
  assert.equal(read64(0x80), 0x1234_5678_9abc_def0n);
  write(0x80, 7);
  assert.equal(read64(0x80), 7n, '4 bytes clear the high half');
});

test('offsets without a register read all ones and swallow writes, the buffer among them', () => {
  const named = new Set(eduRegisters.registers.map((register) => register.offset));
  const device = make();
  for (let offset = 0; offset < 0x200; offset += 4) {
    if (named.has(offset)) continue;
    device.write(offset, 0x1234);
    assert.equal(device.read(offset), ALL_ONES, offset.toString(16));
  }
  transfer(device, 0n, 0x4_0000n, 8n, 1n);
  assert.equal(device.read(0x4_0000), ALL_ONES);
  assert.equal(device.read64(0x4_0000), 0xffff_ffff_ffff_ffffn);
  for (const register of eduRegisters.registers) {
    if (register.fields.every((field) => field.access === 'wo')) {
      assert.equal(device.read(register.offset), ALL_ONES, dottedName(eduRegisters, register));
    }
  }
});

test('a factorial takes its time, in 32 bits as multiplication wraps them', () => {
  const { bus, read, write } = make();
  const known: readonly (readonly [number, number])[] = [
    [0, 1],
    [1, 1],
    [5, 120],
    [12, 479_001_600],
    [13, 1_932_053_504],
    [33, 2_147_483_648],
    [34, 0],
    [ALL_ONES, 0],
  ];
  for (const [n, result] of known) {
    write(0x08, n);
    assert.equal(read(0x20), 0x01);
    assert.equal(read(0x08), n, 'until it is computed, what was written');
    write(0x08, 7);
    assert.equal(read(0x08), n, 'a second one waits for nobody: it is dropped');
    bus.advance(1_000 + n - 1);
    assert.equal(read(0x20), 0x01);
    bus.advance(1);
    assert.equal(read(0x20), 0);
    assert.equal(read(0x08), result, `${n}!`);
  }
  assert.equal(bus.pin, false);
});

test('status: only the interrupt bit can be written, also while it computes', () => {
  const { bus, read, write } = make();
  write(0x20, ALL_ONES);
  assert.equal(read(0x20), 0x80);
  write(0x08, 10);
  assert.equal(read(0x20), 0x81);
  write(0x20, 0);
  assert.equal(read(0x20), 0x01);
  write(0x20, 0x80);
  bus.advance(2_000);
  assert.equal(read(0x20), 0x80);
  assert.equal(read(0x24), 0x001);
  assert.equal(bus.pin, true);
});

test('interrupts: raised bits are collected, the pin stands until all are acknowledged', () => {
  const { bus, read, write } = make();
  write(0x60, 0);
  assert.equal(bus.pin, false, 'nothing is raised by nothing');
  write(0x60, 0x8000_0001);
  write(0x60, 0x10);
  assert.equal(read(0x24), 0x8000_0011);
  assert.equal(bus.pin, true);
  write(0x64, 0x8000_0001);
  assert.equal(read(0x24), 0x10);
  assert.equal(bus.pin, true);
  write(0x24, 0);
  assert.equal(read(0x24), 0x10, 'interrupt status is read only');
  write(0x64, 0x10);
  assert.equal(bus.pin, false);
  assert.equal(bus.pinChanges, 2);
});

test('interrupts by message: one for each raise, none by the pin', () => {
  const { bus, write } = make();
  bus.messages = 'msi';
  write(0x60, 1);
  write(0x60, 1);
  write(0x60, 0);
  assert.deepEqual(bus.raised, [0, 0, 0]);
  write(0x64, 1);
  write(0x60, 0);
  assert.deepEqual(bus.raised, [0, 0, 0]);
  assert.equal(bus.pinChanges, 0);
});

test('DMA both ways, 100 ms each, registers kept still meanwhile', () => {
  const device = make();
  const { bus, read64, write64 } = device;
  bus.memory.set([1, 2, 3, 4, 5, 6, 7, 8], 0x1000);
  write64(0x80, 0x1000n);
  write64(0x88, 0x4_0ff8n);
  write64(0x90, 8n);
  write64(0x98, 6n);
  assert.equal(read64(0x98), 0n, 'a command without the run bit is dropped');
  write64(0x98, 0xff00_0005n);
  write64(0x80, 0n);
  write64(0x98, 0x3n);
  assert.equal(read64(0x80), 0x1000n);
  assert.equal(read64(0x98), 0xff00_0005n);
  bus.advance(DMA_NANOSECONDS - 1);
  assert.equal(read64(0x98), 0xff00_0005n);
  assert.equal(device.read(0x24), 0);
  bus.advance(1);
  assert.equal(read64(0x98), 0xff00_0004n);
  assert.equal(device.read(0x24), 0x100);
  assert.equal(bus.pin, true);

  transfer(device, 0x4_0ffcn, 0x2000n, 4n, 3n);
  assert.deepEqual([...bus.memory.subarray(0x2000, 0x2008)], [5, 6, 7, 8, 0, 0, 0, 0]);
  assert.equal(read64(0x98), 2n);
});

test('dma_mask cuts addresses: 28 bits unless the description says otherwise', () => {
  const device = make();
  device.bus.memory[0x40] = 0xaa;
  transfer(device, 0xf000_0040n, 0x4_0000n, 1n, 1n);
  transfer(device, 0x4_0000n, 0x1_0000_0080n, 1n, 3n);
  assert.equal(device.bus.memory[0x80], 0xaa);
  assert.deepEqual(device.bus.faults, []);

  for (const mask of ['0xffffffffffffffff', (1n << 64n) - 1n]) {
    const wide = make({ dma_mask: mask });
    transfer(wide, 0xf000_0040n, 0x4_0000n, 1n, 1n);
    assert.deepEqual(wide.bus.faults, [0xf000_0040n]);
  }
  const narrow = make({ dma_mask: 0xfff });
  transfer(narrow, 0x4_0000n, 0x1080n, 1n, 3n);
  assert.deepEqual(narrow.bus.faults, []);
});

test('a transfer that leaves the buffer moves nothing, and ends', () => {
  const ranges: readonly (readonly [bigint, bigint])[] = [
    [0x3_ffffn, 2n],
    [0x4_0001n, 4096n],
    [0x4_1000n, 1n],
    [0x4_0000n, 4097n],
    [0x4_0800n, 0xffff_ffff_ffff_f900n],
    [0xffff_ffff_ffff_ffffn, 2n],
  ];
  for (const [address, count] of ranges) {
    for (const command of [5n, 7n]) {
      const device = make();
      device.bus.memory.fill(0x5a);
      const [from, to] = command === 5n ? [0n, address] : [address, 0n];
      transfer(device, from, to, count, command);
      assert.equal(device.read64(0x98), command - 1n);
      assert.equal(device.read(0x24), 0x100);
      assert.ok(device.bus.memory.every((byte) => byte === 0x5a));
      transfer(device, 0x4_0000n, 0n, 4096n, 3n);
      assert.ok(
        device.bus.memory.subarray(0, 4096).every((byte) => byte === 0),
        'the buffer is as it was',
      );
    }
  }
  const whole = make();
  whole.bus.memory.fill(0x5a);
  transfer(whole, 0x4_0000n, 0n, 4096n, 3n);
  assert.ok(whole.bus.memory.subarray(0, 4096).every((byte) => byte === 0));
  assert.equal(whole.bus.memory[4096], 0x5a);
});

test('a fault leaves all ones in the buffer, and the command ends', () => {
  const device = make({}, 4096);
  transfer(device, 0x10_0000n, 0x4_0000n, 4n, 1n);
  transfer(device, 0x4_0000n, 0n, 5n, 3n);
  assert.deepEqual([...device.bus.memory.subarray(0, 5)], [0xff, 0xff, 0xff, 0xff, 0]);
  transfer(device, 0x4_0000n, 0xfffn, 2n, 3n);
  assert.equal(device.bus.memory[0xfff], 0);
  assert.deepEqual(device.bus.faults, [0x10_0000n, 0xfffn]);
});

test('reset: as after power on', () => {
  const device = make();
  device.bus.memory.fill(0x11);
  transfer(device, 0n, 0x4_0000n, 4096n, 5n);
  device.write(0x04, 1);
  device.write(0x20, 0x80);
  device.write(0x08, 9);
  device.write64(0x98, 1n);
  device.bus.dropTimers();
  device.model.reset();
  for (const offset of [0x04, 0x08, 0x20, 0x24]) assert.equal(device.read(offset), 0);
  for (const offset of [0x80, 0x88, 0x90, 0x98]) assert.equal(device.read64(offset), 0n);
  transfer(device, 0x4_0000n, 0n, 4096n, 3n);
  assert.ok(device.bus.memory.subarray(0, 4096).every((byte) => byte === 0));
});

test('the factorial fault makes each result wrong', () => {
  const { bus, read, write } = make();
  assert.deepEqual(Object.keys(edu.faults ?? {}), ['factorial']);
  bus.switchedOn.add('factorial');
  for (const [n, result] of [
    [5, 120],
    [12, 479_001_600],
    [40, 0],
  ] as const) {
    write(0x08, n);
    bus.advance(2_000);
    assert.notEqual(read(0x08), result);
  }
});

test('options that cannot be are refused by name', () => {
  const refused: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ dma_mask: -1 }, /^device edu, option dma_mask: -1 is not a number of 64 bits/],
    [{ dma_mask: 1.5 }, /dma_mask: 1.5/],
    [{ dma_mask: 2 ** 60 }, /dma_mask/],
    [{ dma_mask: '0x10000000000000000' }, /dma_mask/],
    [{ dma_mask: 1n << 64n }, /dma_mask: 18446744073709551616/],
    [{ dma_mask: null }, /dma_mask: null/],
    [{ dmaMask: 1 }, /option dmaMask: is not an option: this kind has dma_mask$/],
  ];
  for (const [given, message] of refused) {
    assert.throws(
      () => edu.options(given),
      (error) => error instanceof MachineDescriptionError && message.test(error.message),
      JSON.stringify(given, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    );
  }
});

test('no access throws, and at most one timer of each engine waits', async () => {
  const offset = fc.oneof(
    fc.constantFrom(0x00, 0x04, 0x08, 0x20, 0x24, 0x60, 0x64, 0x80, 0x88, 0x90, 0x98),
    fc.nat(0x1_ffff).map((dword) => dword * 8),
  );
  const access = fc.record({
    offset,
    width: fc.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8),
    value: fc.oneof(fc.bigInt({ min: 0n, max: 0xffn }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })),
    nanoseconds: fc.constantFrom(0, 1_000, DMA_NANOSECONDS),
  });
  await checkProperty(
    'edu: no access throws',
    fc.property(fc.array(access, { maxLength: 60, size: 'max' }), (accesses) => {
      const { bus, model, read64, write64 } = make({}, 4096);
      for (const { offset, width, value, nanoseconds } of accesses) {
        if (width === 8) write64(offset, value);
        else model.write(0, offset, width, Number(BigInt.asUintN(width * 8, value)));
        const wide = read64(offset);
        const narrow = model.read(0, offset, 4);
        assert.ok(wide !== undefined && wide === BigInt.asUintN(64, wide));
        assert.ok(narrow === narrow >>> 0);
        assert.ok(bus.timers <= 2);
        bus.advance(nanoseconds);
      }
    }),
  );
});
