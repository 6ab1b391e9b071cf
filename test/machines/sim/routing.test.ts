/** What reaches a function: bus numbers, windows, decode bits, and nothing besides. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PhysicalAddress, PciFunction } from '../../../src/function/index.js';
import { PciAddress } from '../../../src/pci/index.js';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { ProbeKind } from './probe.js';

const COMMAND = 0x04;
const at = (bus: number, device: number, fn = 0) => new PciAddress(0, bus, device, fn);

/** Root bus 0, a bridge to bus 1, a bridge on that to bus 2, with a probe on each bus. */
function threeBuses() {
  const kind = new ProbeKind();
  const machine = new SimMachine(
    parseMachine(`
      roots:
        - slots:
            - {slot: "02", model: probe}
            - slot: "01"
              bridge: {}
              bus:
                - {slot: "03", model: probe}
                - slot: "05"
                  bridge: {}
                  bus:
                    - {slot: "1f", model: probe}
    `),
    { kinds: [kind], clock: 'manual' },
  );
  return { machine, kind };
}

function bar(fn: PciFunction, index: number) {
  const address = fn.regions.find((region) => region.index === index)?.address ?? 0n;
  assert.notEqual(address, 0n);
  return Number(address) as PhysicalAddress;
}

describe('configuration cycles', () => {
  test('every function is found where the bus numbers lead', () => {
    const { machine } = threeBuses();
    assert.deepEqual(
      machine.list().map(({ address, headerType }) => [String(address), headerType]),
      [
        ['0000:00:01.0', 1],
        ['0000:00:02.0', 0],
        ['0000:01:03.0', 0],
        ['0000:01:05.0', 1],
        ['0000:02:1f.0', 0],
      ],
    );
    using bridge = machine.open(at(0, 1));
    assert.deepEqual(
      [0x18, 0x19, 0x1a].map((offset) => bridge.config.read(offset, 1)),
      [0, 1, 2],
    );
  });

  test('a bridge that is given another number takes its bus with it', () => {
    const { machine } = threeBuses();
    using bridge = machine.open(at(0, 1));
    using before = machine.open(at(1, 3));
    bridge.config.write(0x1a, 1, 9);
    bridge.config.write(0x19, 1, 7);
    assert.equal(before.config.read(0, 4), 0xffff_ffff);
    before.config.write(0x3c, 1, 5);
    using after = machine.open(at(7, 3));
    assert.equal(after.config.read(0, 4), 0x7001_1b36);
    assert.notEqual(after.config.read(0x3c, 1), 5, 'a write to nobody reached somebody');
    assert.throws(() => machine.open(at(1, 3)), { code: 'FUNCTION_NOT_FOUND' });
    bridge.config.write(0x19, 1, 1);
    assert.equal(before.config.read(0, 4), 0x7001_1b36);
  });

  test('a subordinate number that is too low cuts off what is behind', () => {
    const { machine } = threeBuses();
    using bridge = machine.open(at(0, 1));
    using deep = machine.open(at(2, 0x1f));
    bridge.config.write(0x1a, 1, 1);
    assert.equal(deep.config.read(0, 2), 0xffff);
    assert.equal(machine.open(at(1, 3)).config.read(0, 2), 0x1b36);
  });

  test('several roots have their own numbers, in several domains', () => {
    const kind = new ProbeKind();
    const machine = new SimMachine(
      parseMachine(`
        roots:
          - {slots: [{slot: "00", model: probe}]}
          - {bus: 0x40, slots: [{slot: "00", model: probe}]}
          - {domain: 1, slots: [{slot: "00", model: probe}]}
      `),
      { kinds: [kind], clock: 'manual' },
    );
    // The first one has no number given: it gets the first free one after those that have.
    assert.deepEqual(
      machine.list().map(({ address }) => String(address)),
      ['0000:40:00.0', '0000:41:00.0', '0001:00:00.0'],
    );
  });
});

describe('loads and stores', () => {
  test('reach the model with their offset and width', () => {
    const { machine, kind } = threeBuses();
    using fn = machine.open(at(2, 0x1f));
    const region = fn.openRegion(0);
    region.write32(0x104, 0x8899_aabb);
    region.write8(0x1fff, 0x180);
    assert.equal(region.read16(0x106), 0x8899);
    assert.equal(region.read64(0x100), 0x8899_aabb_0000_0000n);
    const probe = kind.probe(2);
    assert.deepEqual(
      probe.writes.map(({ offset, width, value }) => [offset, width, value]),
      [
        [0x104, 4, 0x8899_aabb],
        [0x1fff, 1, 0x80],
      ],
    );
    assert.deepEqual(
      probe.reads.map(({ offset, width }) => [offset, width]),
      [
        [0x106, 2],
        [0x100, 4],
        [0x104, 4],
      ],
    );
  });

  for (const [what, who, bit] of [
    ['memory decode of the function', at(2, 0x1f), 2],
    ['memory decode of the bridge above', at(1, 5), 2],
    ['memory decode of the bridge above that', at(0, 1), 2],
  ] as const) {
    test(`nothing answers without the ${what}`, () => {
      const { machine, kind } = threeBuses();
      using fn = machine.open(at(2, 0x1f));
      using gate = machine.open(who);
      const region = fn.openRegion(0);
      region.write32(0, 7);
      const command = gate.config.read(COMMAND, 2);
      gate.config.write(COMMAND, 2, command & ~bit);
      assert.equal(region.read32(0), 0xffff_ffff);
      assert.equal(region.read16(2), 0xffff);
      assert.equal(region.read8(3), 0xff);
      assert.equal(region.read64(0), 0xffff_ffff_ffff_ffffn);
      region.write32(0, 8);
      assert.equal(kind.probe(2).writes.length, 1);
      gate.config.write(COMMAND, 2, command);
      assert.equal(region.read32(0), 7);
    });
  }

  test('ports have their own decode bit, window and widths', () => {
    const { machine } = threeBuses();
    using fn = machine.open(at(2, 0x1f));
    using bridge = machine.open(at(1, 5));
    const ports = fn.openRegion(1);
    ports.write16(4, 0x1234);
    assert.equal(ports.read8(5), 0x12);
    assert.throws(() => ports.read64(0), { code: 'REGION_REFUSED' });
    assert.throws(
      () => {
        ports.write64(0, 1n);
      },
      { code: 'REGION_REFUSED' },
    );
    bridge.config.write(COMMAND, 2, bridge.config.read(COMMAND, 2) & ~1);
    assert.equal(ports.read16(4), 0xffff);
    assert.notEqual(fn.openRegion(0).read32(0), 0xffff_ffff);
  });

  test('an address outside of a bridge’s windows does not pass it', () => {
    const { machine } = threeBuses();
    using fn = machine.open(at(1, 3));
    using bridge = machine.open(at(0, 1));
    const region = fn.openRegion(0);
    const window = bridge.config.read(0x20, 4);
    bridge.config.write(0x20, 4, 0x0000_fff0);
    assert.equal(region.read32(0), 0xffff_ffff);
    bridge.config.write(0x20, 4, window);
    assert.equal(region.read32(0), 0);
  });

  test('a 64-bit prefetchable BAR above 4 GiB is reached through the prefetchable window', () => {
    const { machine } = threeBuses();
    using fn = machine.open(at(2, 0x1f));
    assert.ok(bar(fn, 2) >= 2 ** 32);
    const region = fn.openRegion(2);
    region.write32(8, 99);
    assert.equal(region.read32(8), 99);
    using bridge = machine.open(at(0, 1));
    bridge.config.write(0x2c, 4, 0);
    assert.equal(region.read32(8), 0xffff_ffff);
  });

  test('a BAR that is moved answers there, and no longer where it was', () => {
    const { machine } = threeBuses();
    using fn = machine.open(at(0, 2));
    const { host } = machine;
    const old = bar(fn, 0);
    const moved = (old + 0x100_0000) as PhysicalAddress;
    fn.openRegion(0).write32(0, 5);
    fn.config.write(0x10, 4, moved);
    assert.equal(host.openRange('memory', old, 0x1000).read32(0), 0xffff_ffff);
    assert.equal(host.openRange('memory', moved, 0x1000).read32(0), 5);
    // The region that was opened before is memory at the old address.
    assert.equal(fn.openRegion(0).read32(0), 0xffff_ffff);
    using again = machine.open(at(0, 2));
    assert.equal(again.openRegion(0).read32(0), 5);
  });

  test('while a BAR is sized it answers nowhere that anybody uses', () => {
    const { machine } = threeBuses();
    using fn = machine.open(at(0, 2));
    const before = fn.config.read(0x10, 4);
    const region = fn.openRegion(0);
    fn.config.write(0x10, 4, 0xffff_ffff);
    assert.equal(fn.config.read(0x10, 4), 0xffff_c000);
    assert.equal(region.read32(0), 0xffff_ffff);
    fn.config.write(0x10, 4, before);
    assert.equal(region.read32(0), 0);
  });

  test('a range of the bus goes over several BARs and the holes between them', () => {
    const { machine, kind } = threeBuses();
    using fn = machine.open(at(0, 2));
    using other = machine.open(at(1, 3));
    const addresses = [bar(fn, 0), bar(other, 0)].sort((a, b) => a - b);
    const [low = 0, high = 0] = addresses;
    const range = machine.host.openRange('memory', low as PhysicalAddress, high - low + 0x4000);
    range.write32(0, 1);
    range.write32(high - low, 2);
    assert.equal(range.read32(0x4000), 0xffff_ffff);
    assert.equal(
      kind.made.reduce((sum, probe) => sum + probe.writes.length, 0),
      2,
    );
    assert.throws(() => range.read32(high - low + 0x4000), { code: 'REGION_OUT_OF_RANGE' });
    assert.throws(() => machine.host.openRange('memory', (low + 2) as PhysicalAddress, 8), RangeError);
  });

  test('two BARs over each other: the lower one answers, and nothing is lost for ever', () => {
    const { machine, kind } = threeBuses();
    using fn = machine.open(at(0, 2));
    using other = machine.open(at(1, 3));
    using bridge = machine.open(at(0, 1));
    assert.notEqual(bridge.config.read(0x20, 4), 0);
    const place = bar(other, 0);
    const before = fn.config.read(0x10, 4);
    fn.config.write(0x10, 4, place);
    machine.host.openRange('memory', place, 4).write32(0, 3);
    assert.equal(
      kind.made.reduce((sum, probe) => sum + probe.writes.length, 0),
      1,
    );
    fn.config.write(0x10, 4, before);
    other.openRegion(0).write32(0, 4);
    assert.equal(other.openRegion(0).read32(0), 4);
  });

  test('a register access that hits allocates nothing', () => {
    const { machine, kind } = threeBuses();
    using fn = machine.open(at(2, 0x1f));
    const region = fn.openRegion(0);
    const range = machine.host.openRange('memory', bar(fn, 0), 0x1000);
    const probe = kind.probe(2);
    // The probe's own records would be counted as ours.
    probe.read = () => 1;
    probe.write = () => undefined;
    const rounds = 200_000;
    const spin = () => {
      let sum = 0;
      for (let round = 0; round < rounds; round++) {
        sum += region.read32(8) + range.read16(4);
        region.write32(8, sum & 0xff);
        range.write8(1, 2);
      }
      return sum;
    };
    spin();
    const before = process.memoryUsage().heapUsed;
    assert.equal(spin(), rounds * 2);
    const grown = process.memoryUsage().heapUsed - before;
    // One object of the smallest size for each access would be 12 MB and more.
    assert.ok(grown < 2_000_000, `${grown} bytes`);
  });
});

describe('views', () => {
  test('two views of a function are two, on one device', () => {
    const { machine } = threeBuses();
    const one = machine.open(at(0, 2));
    const two = machine.open(at(0, 2));
    const region = two.openRegion(0);
    one.openRegion(0).write32(0, 42);
    one.close();
    assert.equal(region.read32(0), 42);
    assert.throws(() => one.openRegion(0), { code: 'FUNCTION_CLOSED' });
    two.close();
    assert.throws(() => region.read32(0), { code: 'REGION_CLOSED' });
  });

  test('the end of the machine closes what is open and leaves no event', () => {
    const { machine, kind } = threeBuses();
    const fn = machine.open(at(0, 2));
    kind.probe(0).bus.after(10, () => assert.fail('ran'));
    machine[Symbol.dispose]();
    assert.throws(() => fn.config.read(0, 2), { code: 'CONFIG_REFUSED' });
    machine.clock.advance(100);
  });
});
