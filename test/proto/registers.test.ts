/** Registers by name: the types that a map gives, how many accesses each use makes, and what is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import {
  eduRegisters,
  fields,
  nvmeRegisters,
  OpenslotError,
  registerMap,
  RegisterMapError,
  type Access,
  type Field,
  type Register,
  type RegisterMap,
} from '../../src/pci/index.js';
import { registersOf, type AnyRegister } from '../../src/proto/program/index.js';
import { checkProperty } from '../kept-seeds.js';
import { RecordingAccess } from './recording-access.js';

const { bits, flag, register, repeated, values, whole } = fields;

const every = registerMap({
  name: 'every',
  title: 'Every access and every width',
  source: 'this test',
  space: 'bar0',
  devices: [],
  registers: [
    whole(0x00, 1, 'byte', 'A byte', 'rw'),
    whole(0x02, 2, 'word', 'A word', 'rw'),
    register(0x04, 4, 'control', 'Control', [
      flag(0, 'run', 'Runs', 'rw'),
      bits(3, 1, 'speed', 'Speed', 'rw', values(['slow', 'fast'])),
      bits(15, 8, 'size', 'Size', 'rw', fields.number('bytes', 4)),
      flag(16, 'ready', 'Ready'),
      bits(31, 24, 'zero', 'Reserved, to be written 0', 'rsvdz'),
    ]),
    register(0x08, 4, 'events', 'Events', [
      flag(0, 'done', 'Done', 'w1c'),
      flag(1, 'failed', 'Failed', 'w1c'),
      flag(8, 'mask', 'Do not interrupt', 'rw'),
    ]),
    register(0x0c, 4, 'latch', 'Latched', [
      bits(15, 0, 'first', 'Cleared by reading', 'rc'),
      bits(30, 16, 'level', 'Level', 'rw'),
      flag(31, 'on', 'On', 'rw'),
    ]),
    register(0x10, 2, 'kick', 'Kick', [
      bits(7, 0, 'queue', 'Queue', 'wo'),
      bits(15, 8, 'tail', 'Tail', 'wo'),
    ]),
    whole(0x18, 8, 'address', 'Address', 'rw'),
    register(0x20, 8, 'wide', 'Wide', [
      bits(39, 0, 'low', 'Low', 'rw'),
      flag(63, 'valid', 'Valid', 'rw'),
      bits(62, 40, 'seen', 'Seen'),
    ]),
    repeated(register(0x30, 4, 'slot', 'Slot', [bits(15, 0, 'index', 'Index', 'rw')]), 3, 4),
  ],
});

/** True only for types that are the same; assigning to it is the test, made by the compiler. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function make() {
  const access = new RecordingAccess();
  return { access, regs: registersOf(access, every) };
}

function refused(code: string, act: () => unknown): void {
  assert.throws(act, (error: unknown) => error instanceof OpenslotError && error.code === code);
}

test('a map gives each field its type', () => {
  const { regs } = make();
  const run: Same<typeof regs.control.run, boolean> = true;
  const speed: Same<typeof regs.control.speed, number | 'slow' | 'fast'> = true;
  const size: Same<typeof regs.control.size, number> = true;
  const byte: Same<typeof regs.byte.value, number> = true;
  const address: Same<typeof regs.address.value, bigint> = true;
  const wide: Same<ReturnType<typeof regs.wide.read>['value'], bigint> = true;
  const low: Same<typeof regs.wide.low, number> = true;
  const kick: Same<typeof regs.kick.value, undefined> = true;
  const { direction: _direction } = registersOf(new RecordingAccess(0x100), eduRegisters).dma_command.read();
  const edu: Same<typeof _direction, number | 'memory to device' | 'device to memory'> = true;
  const names: Same<
    keyof typeof regs,
    'byte' | 'word' | 'control' | 'events' | 'latch' | 'kick' | 'address' | 'wide' | 'slot'
  > = true;
  assert.ok(run && speed && size && byte && address && wide && low && kick && edu && names);

  const never = () => {
    // @ts-expect-error a read-only field
    regs.control.ready = true;
    // @ts-expect-error no such field
    assert.ok(regs.control.redy);
    // @ts-expect-error no such register
    assert.ok(regs.contrl);
    // @ts-expect-error a name that it has not
    regs.control.speed = 'faster';
    // @ts-expect-error a field of a write-only register is none to look at
    assert.ok(regs.kick.queue);
    // @ts-expect-error nor is all of it a number
    const kicked: number = regs.kick.value;
    assert.ok(kicked);
    // @ts-expect-error nothing can be read of it
    assert.ok(regs.kick.read);
    // @ts-expect-error it cannot be written
    regs.control.set({ ready: true });
    // @ts-expect-error 64 bits
    regs.address.value = 1;
    // @ts-expect-error an array has numbers
    regs.slot.index = 1;
  };
  assert.equal(typeof never, 'function');
});

describe('each use makes as many accesses as it says, of the width of its register', () => {
  test('a field is read by one access', () => {
    const { access, regs } = make();
    access.bytes.setUint32(4, 0x0001_0503, true);
    assert.equal(regs.control.run, true);
    assert.equal(regs.control.speed, 'fast');
    assert.equal(regs.control.size, 20);
    assert.equal(regs.control.ready, true);
    assert.deepEqual(access.taken(), ['r4@0x4', 'r4@0x4', 'r4@0x4', 'r4@0x4']);
    assert.equal(regs.latch.first, 0);
    assert.deepEqual(access.taken(), ['r4@0xc']);
  });

  test('read() looks once', () => {
    const { access, regs } = make();
    access.bytes.setUint32(4, 0xff01_0503, true);
    const { run, speed, size, ready, value } = regs.control.read();
    assert.deepEqual([run, speed, size, ready, value], [true, 'fast', 20, true, 0xff01_0503]);
    assert.deepEqual(access.taken(), ['r4@0x4']);
  });

  test('a whole register is one access either way, of any width', () => {
    const { access, regs } = make();
    regs.byte.value = 0xab;
    regs.word.value = 0xabcd;
    regs.address.value = 0xfedc_ba98_7654_3210n;
    assert.deepEqual(access.taken(), ['w1@0x0', 'w2@0x2', 'w8@0x18']);
    assert.deepEqual(
      [regs.byte.value, regs.word.value, regs.address.value],
      [0xab, 0xabcd, 0xfedc_ba98_7654_3210n],
    );
    assert.deepEqual(access.taken(), ['r1@0x0', 'r2@0x2', 'r8@0x18']);
  });

  test('setting a field is one read and one write, and keeps what is to be kept', () => {
    const { access, regs } = make();
    access.bytes.setUint32(4, 0xffff_ff00, true);
    regs.control.run = true;
    assert.deepEqual(access.taken(), ['r4@0x4', 'w4@0x4']);
    // Unnamed bits are kept, those that are reserved as zero are written 0.
    assert.equal(access.bytes.getUint32(4, true), 0x00ff_ff01);
    regs.control.set({ speed: 'fast', size: 8 });
    assert.deepEqual(access.taken(), ['r4@0x4', 'w4@0x4']);
    assert.equal(access.bytes.getUint32(4, true), 0x00ff_0203);
    regs.wide.valid = true;
    assert.deepEqual(access.taken(), ['r8@0x20', 'w8@0x20']);
    assert.equal(regs.wide.read().value, 1n << 63n);
  });

  test('write() is one write of the whole register', () => {
    const { access, regs } = make();
    access.bytes.setUint32(4, 0xffff_ffff, true);
    regs.control.write({ speed: 1 });
    assert.deepEqual(access.taken(), ['w4@0x4']);
    assert.equal(access.bytes.getUint32(4, true), 2);
    regs.kick.write({ queue: 1, tail: 2 });
    regs.kick.set({ queue: 3, tail: 4 });
    regs.kick.value = 0x0605;
    assert.deepEqual(access.taken(), ['w2@0x10', 'w2@0x10', 'w2@0x10']);
    assert.equal(access.bytes.getUint16(0x10, true), 0x0605);
  });

  test('a bit that a written 1 clears is written 1 only where it is named', () => {
    const { access, regs } = make();
    access.bytes.setUint32(8, 0x103, true);
    regs.events.done = true;
    assert.equal(access.bytes.getUint32(8, true), 0x101, 'failed is written 0, mask is kept');
    access.bytes.setUint32(8, 0x3, true);
    regs.events.mask = true;
    assert.equal(access.bytes.getUint32(8, true), 0x100, 'no event is cleared by it');
    refused('REGISTER_VALUE', () => (regs.events.done = false));
  });

  test('what reading clears is not read to write something else', () => {
    const { access, regs } = make();
    refused('REGISTER_READ_CLEARS', () => (regs.latch.level = 1));
    refused('REGISTER_READ_CLEARS', () => {
      regs.latch.set({});
    });
    assert.deepEqual(access.taken(), []);
    // Nothing has to be kept beside it.
    regs.latch.set({ level: 7, on: false });
    regs.latch.write({ level: 7 });
    assert.deepEqual(access.taken(), ['w4@0xc', 'w4@0xc']);
  });

  test('a number of an array is a register where it stands', () => {
    const { access, regs } = make();
    regs.slot.at(2).index = 5;
    assert.deepEqual(access.taken(), ['r4@0x38', 'w4@0x38']);
    assert.equal(regs.slot.at(2), regs.slot.at(2));
    assert.deepEqual(
      [...regs.slot].map((slot) => slot.index),
      [0, 0, 5],
    );
    refused('REGISTER_INDEX', () => regs.slot.at(3));
    refused('REGISTER_INDEX', () => regs.slot.at(-1));
    const nvme = registersOf(new RecordingAccess(0x2000), nvmeRegisters);
    nvme.cq_head.at(1).value = 3;
  });
});

test('what a register cannot do is refused before any access', () => {
  const { access, regs } = make();
  const loose = regs as unknown as Readonly<Record<string, Record<string, unknown>>>;
  const { control = {}, kick = {}, wide = {} } = loose;
  refused('REGISTER_READ_ONLY', () => (control['ready'] = true));
  refused('REGISTER_WRITE_ONLY', () => kick['queue']);
  refused('REGISTER_WRITE_ONLY', () => kick['value']);
  refused('REGISTER_WRITE_ONLY', () => (kick['queue'] = 1));
  refused('REGISTER_VALUE', () => (control['speed'] = 'faster'));
  refused('REGISTER_VALUE', () => (control['size'] = 6));
  refused('REGISTER_VALUE', () => (control['size'] = 1024));
  refused('REGISTER_VALUE', () => (control['run'] = 2));
  refused('REGISTER_VALUE', () => (control['run'] = 'yes'));
  refused('REGISTER_VALUE', () => (control['value'] = -1));
  refused('REGISTER_VALUE', () => (control['value'] = 2 ** 32));
  refused('REGISTER_VALUE', () => (control['value'] = 0.5));
  refused('REGISTER_VALUE', () => (wide['value'] = 1n << 64n));
  refused('REGISTER_UNKNOWN', () => {
    regs.control.set({ spede: 1 } as object);
  });
  assert.deepEqual(access.taken(), []);
});

test('a misspelt name is refused, read or assigned, with the nearest', async () => {
  const { access, regs } = make();
  const loose = regs as unknown as Record<string, Record<string, unknown>>;
  const { control = {}, slot = {} } = loose;
  const unknown = (expected: RegExp, act: () => unknown) => {
    assert.throws(
      act,
      (error: unknown) =>
        error instanceof OpenslotError && error.code === 'REGISTER_UNKNOWN' && expected.test(error.next),
    );
  };
  unknown(/speed/, () => control['sped']);
  unknown(/speed/, () => (control['sped'] = 1));
  unknown(/speed/, () => Reflect.set(control, 'sped', 1));
  unknown(/control/, () => loose['contrl']);
  unknown(/control/, () => (loose['contrl'] = {}));
  unknown(/at/, () => slot['att']);
  assert.deepEqual(access.taken(), []);
  // What the language and its tools ask of any object is no misspelling.
  assert.equal(await Promise.resolve(regs.control), regs.control);
  assert.match(inspect(regs), /^\{\s+byte: /);
  assert.equal(JSON.stringify(regs.control), '{}');
});

test('a map that is none is refused, with every reason', () => {
  const broken =
    (registers: readonly Register[], space: RegisterMap['space'] = 'bar0') =>
    () =>
      registerMap({ name: 'broken', title: 'Broken', source: 'this test', space, devices: [], registers });
  const cases: [() => unknown, RegExp][] = [
    [broken([whole(0, 4, 'a', 'A'), whole(2, 2, 'b', 'B')]), /broken\.b and broken\.a overlap/],
    [broken([whole(4, 4, 'a', 'A'), whole(0, 4, 'b', 'B')]), /broken\.b stands behind broken\.a/],
    [broken([register(0, 4, 'a', 'A', [bits(32, 0, 'x', 'X')])]), /bits 32:0 of a register of 32 bits/],
    [broken([register(0, 8, 'a', 'A', [bits(60, 0, 'x', 'X')])]), /too many/],
    [
      broken([register(0, 4, 'a', 'A', [flag(0, 'set', 'Set')])]),
      /every register has value, read, write, set/,
    ],
    [broken([whole(0, 8, 'a', 'A')], 'config'), /configuration space/],
    [broken([whole(4096, 4, 'a', 'A')], 'config'), /configuration space/],
    [broken([{ ...whole(0, 4, 'a', 'A'), when: () => true }]), /under a condition/],
  ];
  for (const [make, expected] of cases)
    assert.throws(
      make,
      (error: unknown) => error instanceof RegisterMapError && expected.test(error.message),
    );
});

/** A register of random fields that lie apart. */
const anyRegister: fc.Arbitrary<Register> = fc
  .record({
    width: fc.constantFrom(1, 2, 4, 8 as const),
    parts: fc.array(
      fc.record({
        gap: fc.nat(3),
        size: fc.integer({ min: 1, max: 20 }),
        access: fc.constantFrom<Access>('ro', 'rw', 'w1c', 'wo', 'rsvdp', 'rsvdz'),
      }),
      { minLength: 1, maxLength: 10 },
    ),
  })
  .map(({ width, parts }) => {
    const list: Field[] = [];
    let low = 0;
    for (const { gap, size, access } of parts) {
      low += gap;
      if (low + size > width * 8) break;
      list.push(bits(low + size - 1, low, `f${list.length}`, 'Field', access));
      low += size;
    }
    return register(0, width, 'any', 'Any', list);
  })
  .filter(({ fields }) => fields.length > 0);

test('set and write agree with a model that goes bit by bit', async () => {
  await checkProperty(
    'registers: set and write agree with a model that goes bit by bit',
    fc.property(
      anyRegister,
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.array(fc.nat(), { minLength: 64, maxLength: 64 }),
      fc.constantFrom('set', 'write'),
      (shape, content, numbers, how) => {
        const access = new RecordingAccess(8);
        access.bytes.setBigUint64(0, content, true);
        const regs = registersOf(access, {
          name: 'm',
          title: 'M',
          source: 'this test',
          space: 'bar0',
          devices: [],
          registers: [shape],
        });
        const target = regs['any'] as AnyRegister;
        const given: Record<string, number> = {};
        for (const [index, { name, low, high, access: kind }] of shape.fields.entries()) {
          const isWritable = kind === 'rw' || kind === 'w1c' || kind === 'wo';
          const raw = numbers[index] ?? 0;
          // Of what cannot be kept, all is named.
          if (isWritable && (kind === 'wo' || raw % 2 === 0))
            given[name] = (raw >>> 1) % 2 ** (high - low + 1);
        }
        target[how](given);
        let reads = false;
        for (let bit = 0; bit < shape.width * 8; bit++) {
          const field = shape.fields.find(({ low, high }) => low <= bit && bit <= high);
          const before = Number((content >> BigInt(bit)) & 1n);
          const after = Number((access.bytes.getBigUint64(0, true) >> BigInt(bit)) & 1n);
          const named = field === undefined ? undefined : given[field.name];
          if (field !== undefined && named !== undefined) {
            assert.equal(after, Math.floor(named / 2 ** (bit - field.low)) % 2, `bit ${bit} is written`);
          } else if (how === 'write' || field?.access === 'w1c' || field?.access === 'rsvdz') {
            assert.equal(after, 0, `bit ${bit} is written 0`);
          } else {
            if (field?.access !== 'ro') reads = true;
            if (field?.access !== 'ro') assert.equal(after, before, `bit ${bit} is kept`);
          }
        }
        const end = `${shape.width}@0x0`;
        assert.deepEqual(access.taken(), reads ? [`r${end}`, `w${end}`] : [`w${end}`]);
        for (const [name, raw] of Object.entries(given)) {
          const field = shape.fields.find((each) => each.name === name);
          if (field?.access === 'rw') assert.equal(target.read()[name], raw);
        }
        assert.ok(!('none' in regs));
      },
    ),
  );
});
