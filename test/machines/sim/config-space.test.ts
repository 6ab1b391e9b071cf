/** Configuration space of simulated functions: what the tables say, sizing, capabilities, power, and the system's lspci. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  barSize,
  decodeFunction,
  PciAddress,
  presentRegisters,
  walkCapabilities,
} from '../../../src/pci/index.js';
import {
  parseMachine,
  SimMachine,
  type FunctionShape,
  type SlotDescription,
} from '../../../src/machines/sim/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { lspci, lspciVersion } from '../../pci/lspci-run.js';
import { FULL_SHAPE, ProbeKind } from './probe.js';

const AT = new PciAddress(0, 0, 2, 0);
const PM = 0x01;
const MSI = 0x05;
const VPD = 0x03;
const EXPRESS = 0x10;

const TINY_SHAPE: FunctionShape = {
  vendor: 1,
  device: 2,
  classCode: 0,
  revision: 0,
  regions: [{ index: 0, kind: 'memory', size: 16 }],
};

function oneProbe(shape: FunctionShape = FULL_SHAPE) {
  const kind = new ProbeKind({ full: [shape] });
  const slots: SlotDescription[] = [{ slot: '02', model: 'probe' }];
  const machine = new SimMachine({ roots: [{ slots }] }, { kinds: [kind], clock: 'manual' });
  const fn = machine.open(AT);
  const capability = (id: number) => {
    const entry = walkCapabilities(fn.config).entries.find((found) => found.id === id);
    assert.ok(entry, `capability ${id}`);
    return entry.offset;
  };
  return { machine, kind, fn, capability };
}

function bytesOf(read: (offset: number) => number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (let offset = 0; offset < size; offset += 4) view.setUint32(offset, read(offset), true);
  return bytes;
}

describe('configuration space', () => {
  test('shows what the shape says', () => {
    const { fn } = oneProbe();
    const shown = new Map(
      presentRegisters(fn.config).map(({ name, offset, width }) => [name, fn.config.read(offset, width)]),
    );
    const expected: Record<string, number> = {
      'header.vendor': 0x1b36,
      'header.device': 0x7001,
      'header.subsystem_vendor': 0x1af4,
      'header.subsystem': 0x1100,
      'header.revision': 3,
      'header.class': 0xff00,
      'header.type': 0,
      'header.interrupt_pin': 1,
      'header.interrupt_line': 18,
      'header.rom': 0,
      // Firmware has switched decoding on, and nothing else.
      'header.command': 3,
      'header.status': 0x10,
      'msi.control': 0x0186,
      'msix.control': 4,
      'msix.table': 0x2000,
      'msix.pba': 0x3000,
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(shown.get(name), value, name);
    assert.equal(fn.config.size, 256);
    assert.deepEqual(decodeFunction(fn.config).findings, []);
  });

  test('BARs tell their sizes and take only address bits', () => {
    const { fn } = oneProbe();
    const before = [0x10, 0x14, 0x18, 0x1c].map((offset) => fn.config.read(offset, 4));
    for (const offset of [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x30]) fn.config.write(offset, 4, 0xffff_ffff);
    assert.equal(barSize(fn.config.read(0x10, 4)), 0x4000n);
    assert.equal(fn.config.read(0x10, 4) & 0xf, 0);
    assert.equal(barSize(fn.config.read(0x14, 4)), 0x20n);
    assert.equal(fn.config.read(0x14, 4) & 3, 1);
    assert.equal(barSize(fn.config.read(0x18, 4), fn.config.read(0x1c, 4)), 0x10_0000n);
    assert.equal(fn.config.read(0x18, 4) & 0xf, 0xc);
    for (const absent of [0x20, 0x24, 0x30]) assert.equal(fn.config.read(absent, 4), 0);
    for (const [index, value] of before.entries()) fn.config.write(0x10 + 4 * index, 4, value);
    // A write of one byte changes one byte.
    fn.config.write(0x13, 1, 0x91);
    assert.equal(fn.config.read(0x10, 4) >>> 24, 0x91);
    assert.equal(fn.config.read(0x10, 2), (before[0] ?? 0) & 0xffff);
  });

  test('a function without a pin has no bit to disable it', () => {
    const { fn } = oneProbe(TINY_SHAPE);
    fn.config.write(4, 2, 0xffff);
    assert.equal(fn.config.read(4, 2), 0x0147);
    assert.equal(walkCapabilities(fn.config).entries.length, 0);
    assert.equal(fn.interruptLine, undefined);
    assert.deepEqual(fn.resetMethods, []);
  });

  test('vital product data is read a dword at a time, and not written', () => {
    const { fn, capability } = oneProbe();
    const base = capability(VPD);
    const read = (address: number) => {
      fn.config.write(base + 2, 2, address);
      assert.equal(fn.config.read(base + 2, 2), 0x8000 | address, 'the flag tells that the data is there');
      return fn.config.read(base + 4, 4);
    };
    assert.equal(read(0), 0x4f00_0282);
    assert.equal(read(4), 0x784b);
    assert.equal(read(0x7ffc), 0);
    fn.config.write(base + 4, 4, 0xdead_beef);
    fn.config.write(base + 2, 2, 0x8000);
    assert.equal(fn.config.read(base + 2, 2), 0, 'the flag tells that it is done');
    assert.equal(read(0), 0x4f00_0282);
  });

  test('in D3hot only configuration space answers, and the way back resets', () => {
    const { machine, fn, kind, capability } = oneProbe();
    const region = fn.openRegion(0);
    region.write32(0, 1);
    kind.probe().bus.after(1e6, () => assert.fail('ran without power'));
    const control = capability(PM) + 4;
    for (const unsupported of [1, 2]) {
      fn.config.write(control, 2, unsupported);
      assert.equal(fn.config.read(control, 2) & 3, 0);
    }
    fn.config.write(control, 2, 3);
    assert.equal(fn.config.read(control, 2) & 3, 3);
    assert.equal(region.read32(0), 0xffff_ffff);
    assert.equal(fn.config.read(0, 4), 0x7001_1b36);
    assert.notEqual(fn.config.read(0x10, 4), 0);
    machine.clock.advance(1e6);
    fn.config.write(control, 2, 0);
    assert.equal(fn.config.read(0x10, 4), 0, 'the BARs are gone');
    assert.equal(fn.config.read(4, 2), 0);
    assert.equal(kind.probe().resets, 1);
  });

  test('a function level reset clears all but the sticky bits', () => {
    const { fn, kind, capability } = oneProbe({ ...FULL_SHAPE, express: { flr: true } });
    assert.equal(fn.config.size, 4096);
    const control = capability(EXPRESS) + 8;
    // Auxiliary power PM is sticky, relaxed ordering is not.
    fn.config.write(control, 2, 0x0400);
    fn.config.write(capability(MSI) + 4, 4, 0xfee0_0000);
    fn.config.write(control, 2, 0x8400);
    assert.equal(fn.config.read(control, 2), 0x2c10);
    assert.equal(fn.config.read(0x10, 4), 0);
    assert.equal(fn.config.read(capability(MSI) + 4, 4), 0);
    assert.equal(kind.probe().resets, 1);
    assert.equal(fn.config.read(0x100, 4), 0, 'no extended capability');
  });

  test('without function level reset its bit is none', () => {
    const { fn, kind, capability } = oneProbe({ ...FULL_SHAPE, express: { flr: false } });
    fn.config.write(capability(EXPRESS) + 8, 2, 0xffff);
    assert.equal(fn.config.read(capability(EXPRESS) + 8, 2), 0x7fff);
    assert.equal(kind.probe().resets, 0);
    assert.deepEqual(fn.resetMethods, ['pm']);
  });

  test('every reset method resets and puts back what software had set', async () => {
    for (const [shape, method] of [
      [{ ...FULL_SHAPE, express: { flr: true } }, 'flr'],
      [FULL_SHAPE, 'pm'],
      [{ ...FULL_SHAPE, powerManagement: false }, 'bus'],
    ] as const) {
      const kind = new ProbeKind({ full: [shape] });
      const machine = new SimMachine(
        parseMachine('roots: [{slots: [{slot: "01", bridge: {}, bus: [{slot: "00", model: probe}]}]}]'),
        { kinds: [kind], clock: 'manual' },
      );
      using fn = machine.open(new PciAddress(0, 1, 0, 0));
      fn.config.write(4, 2, 7);
      const before = [0x04, 0x10, 0x14, 0x18, 0x1c].map((offset) => fn.config.read(offset, 2));
      const region = fn.openRegion(0);
      region.write32(0, 1);
      assert.equal(fn.resetMethods[0], method);
      assert.equal(await fn.reset(), method);
      assert.equal(kind.probe().resets, 1);
      assert.deepEqual(
        [0x04, 0x10, 0x14, 0x18, 0x1c].map((offset) => fn.config.read(offset, 2)),
        before,
      );
      assert.equal(region.read32(0), 0);
    }
  });

  test('functions of one device tell that it has several', () => {
    const kind = new ProbeKind({ full: [FULL_SHAPE, FULL_SHAPE] });
    const machine = new SimMachine(
      parseMachine(
        'roots: [{slots: [{slot: "02", model: probe}, {slot: "03", model: testdev}, {slot: "03.5", model: testdev}, {slot: "04", bridge: {}, bus: []}, {slot: "04.1", bridge: {}, bus: []}]}]',
      ),
      { kinds: [kind], clock: 'manual' },
    );
    const types = machine.list().map(({ address }) => machine.open(address).config.read(0x0e, 1));
    assert.deepEqual(types, [0x80, 0x80, 0x80, 0x80, 0x81, 0x81]);
    assert.deepEqual(
      machine.list().map(({ iommuGroup }) => iommuGroup),
      [0, 0, 1, 1, 2, 2],
    );
  });

  test('a kind whose shape no function can have is refused by name', () => {
    const bad: readonly (readonly [Partial<FunctionShape>, RegExp])[] = [
      [{ regions: [{ index: 5, kind: 'memory', size: 16, wide: true }] }, /no BAR 6/],
      [{ regions: [{ index: 0, kind: 'io', size: 16, wide: true }] }, /ports have no 64 bits/],
      [
        {
          regions: [
            { index: 0, kind: 'memory', size: 16, wide: true },
            { index: 1, kind: 'io', size: 4 },
          ],
        },
        /BAR 1 is there twice/,
      ],
      [{ msix: { vectors: 5, region: 1, table: 0, pending: 0x10 } }, /no memory region/],
      [{ msix: { vectors: 5, region: 0, table: 0x2000, pending: 0x2040 } }, /overlap/],
      [{ msix: { vectors: 5, region: 0, table: 0x3ff8, pending: 0 } }, /leave their region/],
      [{ msix: { vectors: 5, region: 0, table: 4, pending: 0x3000 } }, /aligned/],
      [{ msix: { vectors: 4000, region: 0, table: 0, pending: 0x3000 } }, /4000 vectors/],
    ];
    for (const [part, why] of bad) {
      assert.throws(
        () => oneProbe({ ...FULL_SHAPE, ...part }),
        (error: Error) => why.test(error.message) && error.message.includes('probe'),
      );
    }
    assert.throws(() => oneProbe({ ...TINY_SHAPE, regions: [{ index: 0, kind: 'memory', size: 24 }] }), {
      code: 'BAR_SIZE',
    });
  });

  test('property: any writes never throw, and identification stays', async () => {
    const write = fc.constantFrom(1 as const, 2 as const, 4 as const).chain((width) =>
      fc.tuple(
        fc.constant(width),
        fc.integer({ min: 0, max: 0x100 / width - 1 }).map((index) => index * width),
        fc.oneof(fc.constantFrom(0, 0xffff_ffff), fc.integer({ min: 0, max: 0xffff_ffff })),
      ),
    );
    const property = fc.property(fc.array(write, { maxLength: 40 }), fc.boolean(), (writes, express) => {
      const { fn, machine } = oneProbe({ ...FULL_SHAPE, ...(express ? { express: { flr: true } } : {}) });
      const region = fn.openRegion(0);
      for (const [width, offset, value] of writes) {
        fn.config.write(offset, width, value);
        region.write32(0x2000 + (value & 0x4c), value);
        region.read32(0);
      }
      assert.equal(fn.config.read(0, 4), 0x7001_1b36);
      assert.deepEqual(decodeFunction(fn.config).findings, []);
      machine[Symbol.dispose]();
    });
    await checkProperty('sim: any writes to configuration space are survived', property);
  });
});

describe('configuration space, judged by lspci', { skip: lspciVersion() === undefined }, () => {
  test('the default machine is decoded without a complaint', () => {
    const machine = new SimMachine();
    const shape = { ...FULL_SHAPE, express: { flr: true } };
    const probes = new SimMachine(
      parseMachine(
        'roots: [{slots: [{slot: "01", bridge: {}, bus: [{slot: "00", model: probe}]}, {slot: "02", model: probe}]}]',
      ),
      { kinds: [new ProbeKind({ full: [shape] })] },
    );
    const spaces: Uint8Array[] = [];
    const names: string[] = [];
    for (const owner of [machine, probes]) {
      for (const { address } of owner.list()) {
        using fn = owner.open(address);
        spaces.push(bytesOf((offset) => fn.config.read(offset, 4), fn.config.size));
        names.push(String(address));
      }
    }
    const decoded = lspci(spaces);
    assert.equal(decoded.length, spaces.length);
    let capabilities = 0;
    for (const [index, { lines, capabilities: found }] of decoded.entries()) {
      // lspci 3.9 takes an upper half that is not 0 for another region, but one without an address.
      const isUpper = (name: string) => {
        const [, region] = /^Region (\d)$/.exec(name) ?? [];
        return region !== undefined && /64-bit/.test(lines.get(`Region ${Number(region) - 1}`) ?? '');
      };
      const text = [...lines.entries()]
        .filter(([name]) => !isUpper(name))
        .map(([name, line]) => `${name}: ${line}`)
        .join('\n');
      assert.doesNotMatch(
        text,
        /!!!|broken|looped|unknown|denied|unassigned|ignored|invalid/i,
        `${names[index]}\n${text}`,
      );
      for (const { text: what } of found) assert.doesNotMatch(what, /broken|looped|ID 0x/i, names[index]);
      capabilities += found.length;
      const bridge = lines.get('Bus');
      if (bridge !== undefined) assert.match(bridge, /primary=00, secondary=0([12]), subordinate=0\1/);
    }
    assert.ok(capabilities >= 15, `${capabilities} capabilities`);
    machine[Symbol.dispose]();
    probes[Symbol.dispose]();
  });
});
