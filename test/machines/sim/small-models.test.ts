/** Tests of `testdev`, `clearing` and `multi`, and of what all device kinds have in common. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { DeviceModel } from '../../../src/machines/sim/device-model.js';
import { MachineDescriptionError } from '../../../src/machines/sim/errors.js';
import {
  DEVICE_KINDS,
  clearing,
  copierRegisters,
  gpioRegisters,
  multi,
  testdev,
  timerRegisters,
  vectorsRegisters,
} from '../../../src/machines/sim/models/index.js';
import {
  barMask,
  checkTable,
  clearingRegisters,
  decodeTable,
  decodedFields,
  eduRegisters,
  nvmeRegisters,
  testdevRegisters,
} from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { MemoryBus } from './memory-bus.js';

type Width = 1 | 2 | 4;

const tables = [
  eduRegisters,
  nvmeRegisters,
  testdevRegisters,
  clearingRegisters,
  gpioRegisters,
  timerRegisters,
  copierRegisters,
  vectorsRegisters,
];

function regionOne(model: DeviceModel, region = 0) {
  return {
    read: (offset: number, width: Width = 4) => model.read(region, offset, width),
    write: (offset: number, value: number, width: Width = 4) => {
      model.write(region, offset, width, value);
    },
  };
}

describe('every device kind', () => {
  test('is in the registry under its name, with a line of help', () => {
    assert.deepEqual(
      [...DEVICE_KINDS.keys()],
      ['edu', 'nvme', 'pcnet', 'testdev', 'multi', 'clearing', 'vectors'],
    );
    for (const [name, kind] of DEVICE_KINDS) {
      assert.equal(kind.name, name);
      assert.match(kind.summary, /^.{20,120}$/);
    }
  });

  test('has shapes that a header can show', () => {
    for (const kind of DEVICE_KINDS.values()) {
      const functions = kind.functions(kind.options({}));
      assert.equal(functions[0]?.function, 0);
      for (const { shape } of functions) {
        const taken = new Set<number>();
        for (const { index, kind: space, size, wide = false, prefetchable = false } of shape.regions) {
          const bar =
            space === 'io'
              ? ({ kind: 'io', width: 32 } as const)
              : ({ kind: 'memory', width: wide ? 64 : 32, prefetchable, belowOneMegabyte: false } as const);
          assert.doesNotThrow(() => barMask(bar, BigInt(size)));
          for (const slot of wide ? [index, index + 1] : [index]) {
            assert.ok(slot < 6 && !taken.has(slot));
            taken.add(slot);
          }
        }
        if (shape.msix !== undefined) {
          const { region, table, pending, vectors } = shape.msix;
          const size = shape.regions.find(({ index }) => index === region)?.size ?? 0;
          assert.ok(table + vectors * 16 <= pending && pending + 8 * Math.ceil(vectors / 64) <= size);
        }
      }
    }
  });

  test('refuses options that it does not know', () => {
    for (const kind of DEVICE_KINDS.values()) {
      assert.throws(() => kind.options({ colour: 'red' }), MachineDescriptionError, kind.name);
    }
    assert.throws(() => testdev.options({ size: 1 }), /device testdev, option size: .*this kind has none/);
  });

  test('has a sound register table', () => {
    for (const table of tables) assert.deepEqual(checkTable(table), [], table.name);
  });

  test('answers any access with a number of its width, and throws at none', async () => {
    const access = fc.record({
      region: fc.nat(5),
      dword: fc.oneof(fc.nat(0x20), fc.nat(0x3ff)),
      byte: fc.nat(3),
      width: fc.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8),
      value: fc.oneof(fc.nat(16), fc.nat(0xffff_ffff)),
      nanoseconds: fc.constantFrom(0, 500, 10_000),
    });
    for (const kind of ['testdev', 'multi', 'clearing']) {
      await checkProperty(
        `models: any access to ${kind} is answered`,
        fc.property(fc.array(access, { maxLength: 80, size: 'max' }), (accesses) => {
          const device = DEVICE_KINDS.get(kind);
          const options = device?.options({});
          for (const { function: fn, shape } of device?.functions(options) ?? []) {
            const bus = new MemoryBus();
            const model = device?.create(options, fn, bus);
            for (const { region, dword, byte, width, value, nanoseconds } of accesses) {
              const { index, size } = shape.regions[region % shape.regions.length] ?? { index: 0, size: 0 };
              const offset = ((dword * 4) % size) + byte;
              const aligned = offset - (offset % width);
              if (width === 8) {
                model?.write64?.(index, aligned, BigInt(value) * 0x1_0000_0001n);
                const read = model?.read64?.(index, aligned) ?? 0n;
                assert.equal(read, BigInt.asUintN(64, read));
              } else {
                model?.write(index, aligned, width, value % 2 ** (width * 8));
                const read = model?.read(index, aligned, width) ?? -1;
                assert.ok(Number.isInteger(read) && read >= 0 && read < 2 ** (width * 8));
              }
              // Periods are at least 1 us and copies 4 us a step, however they are programmed.
              assert.ok(bus.advance(nanoseconds) <= 11);
              assert.ok(bus.timers <= 1);
            }
          }
        }),
      );
    }
  });
});

describe('testdev', () => {
  test('keeps what is written, byte by byte or wider, each region its own', () => {
    const model = testdev.create(undefined, 0, new MemoryBus());
    const [memory, ports] = [regionOne(model, 0), regionOne(model, 1)];
    memory.write(0, 0x4433_2211);
    memory.write(1, 0xaa, 1);
    memory.write(2, 0xbbcc, 2);
    assert.equal(memory.read(0), 0xbbcc_aa11);
    assert.equal(memory.read(1, 1), 0xaa);
    assert.equal(memory.read(0, 2), 0xaa11);
    model.write64?.(0, 0xff8, 0x8877_6655_4433_2211n);
    assert.equal(model.read64?.(0, 0xff8), 0x8877_6655_4433_2211n);
    assert.equal(memory.read(0xffc), 0x8877_6655);
    assert.equal(ports.read(0), 0);
    ports.write(60, 0xffff_ffff);
    assert.equal(ports.read(63, 1), 0xff);
  });

  test('counts each access by region, direction and width, and reading the counters counts nothing', () => {
    const model = testdev.create(undefined, 0, new MemoryBus());
    const [memory, ports, counters] = [regionOne(model, 0), regionOne(model, 1), regionOne(model, 2)];
    for (let index = 0; index < 3; index++) memory.read(0, 1);
    memory.read(0, 2);
    for (let index = 0; index < 5; index++) memory.read(0, 4);
    model.read64?.(0, 0);
    memory.write(0, 0, 2);
    model.write64?.(0, 0, 0n);
    model.write64?.(0, 0, 0n);
    ports.read(0, 1);
    ports.write(0, 0, 4);
    const all = () =>
      Object.fromEntries(
        decodedFields(decodeTable(testdevRegisters, { size: 4096, read: counters.read }))
          .filter(({ raw }) => raw !== 0)
          .map(({ name, raw }) => [name, raw]),
      );
    const expected = {
      'testdev.memory_reads_8': 3,
      'testdev.memory_reads_16': 1,
      'testdev.memory_reads_32': 5,
      'testdev.memory_reads_64': 1,
      'testdev.memory_writes_16': 1,
      'testdev.memory_writes_64': 2,
      'testdev.port_reads_8': 1,
      'testdev.port_writes_32': 1,
    };
    assert.deepEqual(all(), expected);
    assert.deepEqual(all(), expected);
    assert.equal(model.read64?.(2, 0), (1n << 32n) | 3n);
    assert.equal(counters.read(0, 1), 3);
    counters.write(0, 0);
    assert.deepEqual(all(), expected, 'counters cannot be written');
    counters.write(0x40, 0, 1);
    assert.deepEqual(all(), {});
  });

  test('reset empties storage and counters', () => {
    const model = testdev.create(undefined, 0, new MemoryBus());
    const memory = regionOne(model);
    memory.write(8, 5);
    model.reset();
    assert.equal(regionOne(model, 2).read(0x18), 0);
    assert.equal(memory.read(8), 0);
  });
});

describe('clearing', () => {
  const make = () => {
    const bus = new MemoryBus();
    return { bus, ...regionOne(clearing.create(undefined, 0, bus)) };
  };

  test('the latch is cleared by reading, and by nothing else', () => {
    const { read, write } = make();
    write(0x08, 0x8000_0011);
    write(0x00, 0xffff_ffff);
    write(0x04, 0xffff_ffff);
    assert.equal(read(0x00), 0x8000_0011);
    assert.equal(read(0x00), 0);
    write(0x08, 0x0102_0304);
    assert.equal(read(0x01, 1), 0x03);
    assert.equal(read(0x02, 2), 0x0102);
    assert.equal(read(0x00), 0x04, 'an access clears its own bytes');
  });

  test('status bits are cleared by a written 1 each', () => {
    const { read, write } = make();
    write(0x08, 0xff);
    assert.equal(read(0x04), 0xff);
    assert.equal(read(0x04), 0xff);
    write(0x04, 0x0f);
    assert.equal(read(0x04), 0xf0);
    write(0x04, 0);
    assert.equal(read(0x04), 0xf0);
    write(0x08, 0xaa00, 2);
    write(0x05, 0x80, 1);
    assert.equal(read(0x04), 0x2af0);
  });

  test('the trigger says nothing when it is read; events are counted', () => {
    const { read, write } = make();
    write(0x08, 0xffff_ffff);
    assert.equal(read(0x08), 0);
    write(0x08, 1);
    write(0x10, 0);
    assert.equal(read(0x10), 33);
    assert.equal(read(0x14), 0);
  });

  test('the pin stands while an enabled bit does; a message tells of each that comes up', () => {
    const { bus, write } = make();
    write(0x08, 1);
    assert.equal(bus.pin, false);
    write(0x0c, 1);
    assert.equal(bus.pin, true);
    write(0x04, 1);
    assert.equal(bus.pin, false);
    bus.messages = 'msi';
    write(0x08, 3);
    write(0x08, 1);
    write(0x08, 2);
    assert.deepEqual(bus.raised, [0]);
    write(0x04, 1);
    write(0x08, 1);
    assert.deepEqual(bus.raised, [0, 0]);
  });

  test('reset', () => {
    const bus = new MemoryBus();
    const model = clearing.create(undefined, 0, bus);
    const { read, write } = regionOne(model);
    write(0x08, 0xff);
    write(0x0c, 0xff);
    bus.dropTimers();
    model.reset();
    for (const offset of [0x00, 0x04, 0x0c, 0x10]) assert.equal(read(offset), 0);
  });
});

describe('multi', () => {
  test('has functions 0, 1 and 3, each with its own ids, pin and interrupts', () => {
    const functions = multi.functions(undefined);
    assert.deepEqual(
      functions.map(({ function: fn, shape }) => [fn, shape.device, shape.pin]),
      [
        [0, 0x5110, 1],
        [1, 0x5111, 2],
        [3, 0x5113, 3],
      ],
    );
    assert.ok(functions.every(({ shape }) => shape.express?.flr === true));
  });

  test('pins: each drives its partner; changes are kept and interrupt', () => {
    const bus = new MemoryBus();
    const model = multi.create(undefined, 0, bus);
    const { read, write } = regionOne(model);
    assert.equal(read(0x08), 0xffff, 'nobody drives, all are pulled up');
    write(0x10, 0x0100);
    write(0x04, 0x0001);
    assert.equal(read(0x08), 0xfefe);
    assert.equal(read(0x0c), 0x0101);
    assert.equal(bus.pin, true);
    write(0x0c, 0x0100);
    assert.equal(bus.pin, false);
    assert.equal(read(0x0c), 0x0001);
    write(0x00, 0x0001);
    assert.equal(read(0x08), 0xffff);
    assert.equal(bus.pin, true);
    write(0x04, 0x01, 1);
    write(0x05, 0x01, 1);
    assert.equal(read(0x08), 0xfefe, 'where both ends drive, low wins');
    write(0x01, 0x01, 1);
    assert.equal(read(0x08, 2), 0xffff);
    write(0x08, 0);
    write(0x18, 1);
    assert.equal(read(0x18), 0);
    bus.dropTimers();
    model.reset();
    assert.deepEqual([read(0x00), read(0x04), read(0x0c), read(0x10)], [0, 0, 0, 0]);
  });

  test('timer: once, again and again, stopped, with interrupts', () => {
    const bus = new MemoryBus();
    const model = multi.create(undefined, 1, bus);
    const { read, write } = regionOne(model);
    write(0x00, 5_000);
    write(0x04, 0x1);
    bus.advance(2_000);
    assert.equal(read(0x08), 3_000);
    assert.equal(read(0x04), 1);
    bus.advance(3_000);
    assert.deepEqual([read(0x04), read(0x08), read(0x0c), read(0x10)], [0, 0, 1, 1]);
    assert.equal(bus.pin, false, 'no interrupt was wanted');

    write(0x04, 0x7);
    assert.equal(bus.pin, true, 'the first period was never acknowledged');
    write(0x0c, 1);
    assert.equal(bus.pin, false);
    bus.messages = 'msi';
    assert.equal(bus.advance(50_000), 10);
    assert.equal(read(0x10), 11);
    assert.equal(bus.raised.length, 10);
    assert.equal(bus.pin, true);
    write(0x04, 0);
    assert.equal(bus.advance(50_000), 0);

    write(0x00, 0);
    write(0x04, 0x3);
    assert.equal(bus.advance(10_000), 10, 'a period has at least 1 us');
    bus.dropTimers();
    model.reset();
    assert.deepEqual([read(0x00), read(0x04), read(0x08), read(0x0c), read(0x10)], [0, 0, 0, 0, 0]);
  });

  test('copy engine: any length, step by step, with a vector for each end', () => {
    const bus = new MemoryBus();
    bus.messages = 'msix';
    const model = multi.create(undefined, 3, bus);
    const { read, write } = regionOne(model);
    const content = Uint8Array.from({ length: 10_000 }, (_, index) => index % 251);
    const start = (source: number, destination: number, bytes: number) => {
      write(0x00, source);
      write(0x04, 0);
      write(0x08, destination);
      write(0x0c, 0);
      write(0x10, bytes);
      write(0x14, 3);
    };
    bus.memory.set(content, 0x1000);
    start(0x1000, 0x8_0001, 10_000);
    write(0x10, 5);
    write(0x00, 5);
    assert.equal(read(0x10), 10_000, 'while it runs, nothing of it changes');
    assert.equal(bus.advance(11_999), 2);
    assert.equal(read(0x10), 10_000 - 8_192);
    assert.equal(read(0x14), 3);
    assert.equal(bus.advance(1), 1);
    assert.deepEqual([read(0x10), read(0x14), read(0x18)], [0, 2, 1]);
    assert.equal(Buffer.compare(bus.memory.subarray(0x8_0001, 0x8_0001 + 10_000), content), 0);
    assert.equal(bus.memory[0x8_0001 + 10_000], 0);
    assert.equal(read(0x00), 0x1000 + 10_000);
    assert.deepEqual(bus.raised, [0]);
    assert.equal(bus.pin, true);
    write(0x18, 1);
    assert.equal(bus.pin, false);

    start(0x1000, bus.memory.length - 4096, 8192);
    bus.advance(100_000);
    assert.deepEqual([read(0x10), read(0x14), read(0x18)], [4096, 2, 2], 'the second step met nothing');
    assert.deepEqual(bus.raised, [0, 1]);
    assert.equal(bus.faults.length, 1);

    start(0, 0, 0);
    bus.advance(4_000);
    assert.equal(read(0x18), 3, 'nothing is copied at once');
    start(0, 0, 0xffff_ffff);
    write(0x14, 0);
    assert.equal(bus.timers, 0, 'stopped');
    bus.dropTimers();
    model.reset();
    assert.deepEqual(
      [0x00, 0x08, 0x10, 0x14, 0x18].map((offset) => read(offset)),
      [0, 0, 0, 0, 0],
    );
  });
});
