/** Random machines: firmware's addresses do not overlap, every BAR is reached, and nothing that is written breaks it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PhysicalAddress } from '../../../src/function/index.js';
import { decodeFunction } from '../../../src/pci/index.js';
import {
  SimMachine,
  type FunctionShape,
  type MachineDescription,
  type RegionShape,
  type SlotDescription,
} from '../../../src/machines/sim/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { ProbeKind } from './probe.js';

const memoryRegion = fc.record({
  kind: fc.constant('memory' as const),
  size: fc.integer({ min: 4, max: 22 }).map((bits) => 2 ** bits),
  prefetchable: fc.boolean(),
  wide: fc.boolean(),
});
const ioRegion = fc.record({
  kind: fc.constant('io' as const),
  size: fc.integer({ min: 2, max: 8 }).map((bits) => 2 ** bits),
});

/** As many regions as six BARs hold. */
const regions = fc
  .array(fc.oneof({ weight: 3, arbitrary: memoryRegion }, ioRegion), { maxLength: 6 })
  .map((list) => {
    const placed: RegionShape[] = [];
    let index = 0;
    for (const region of list) {
      const width = region.kind === 'memory' && region.wide ? 2 : 1;
      if (index + width > 6) break;
      placed.push({ index, ...region });
      index += width;
    }
    return placed;
  });

const shape: fc.Arbitrary<FunctionShape> = fc
  .record({
    regions,
    pin: fc.constantFrom(undefined, 1 as const, 4 as const),
    express: fc.boolean(),
    msi: fc.boolean(),
  })
  .map(({ regions: placed, pin, express, msi }) => ({
    vendor: 0x1b36,
    device: 0x7001,
    classCode: 0xff0000,
    revision: 0,
    regions: placed,
    ...(pin === undefined ? {} : { pin }),
    ...(express ? { express: { flr: true } } : {}),
    ...(msi ? { msi: { vectors: 4 as const } } : {}),
  }));

type Tree = { readonly shapes: readonly FunctionShape[] } | { readonly below: readonly Tree[] };

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.record({ shapes: fc.array(shape, { minLength: 1, maxLength: 3 }) }),
    fc.record({ below: fc.array(tie('tree'), { maxLength: 3 }) }),
  ),
}));

/** A machine of random trees, each at the next slot of its bus. */
function machineOf(trees: readonly (readonly Tree[])[]): SimMachine {
  const shapes: Record<string, readonly FunctionShape[]> = {};
  const slots = (list: readonly Tree[]): SlotDescription[] =>
    list.map((one, index) => {
      const slot = index.toString(16).padStart(2, '0');
      if ('below' in one) return { slot, bridge: {}, bus: slots(one.below) };
      const name = `shape ${Object.keys(shapes).length}`;
      shapes[name] = one.shapes;
      return { slot, model: 'probe', options: { shape: name } };
    });
  const description: MachineDescription = { roots: trees.map((list) => ({ slots: slots(list) })) };
  return new SimMachine(description, { kinds: [new ProbeKind(shapes)], clock: 'manual' });
}

const machines = fc.array(fc.array(tree, { maxLength: 4 }), { minLength: 1, maxLength: 2 });

test('property: BARs do not overlap, lie aligned in the windows above them, and are reached', async () => {
  const property = fc.property(machines, (trees) => {
    using machine = machineOf(trees);
    const placed: { start: number; end: number; kind: string; name: string }[] = [];
    for (const { address, headerType } of machine.list()) {
      using fn = machine.open(address);
      assert.deepEqual(decodeFunction(fn.config).findings, []);
      if (headerType === 1) continue;
      for (const { index, kind, size, address: at } of fn.regions) {
        const start = Number(at);
        const name = `BAR ${index} of ${address}`;
        assert.ok(start > 0 && start % size === 0, `${name} at ${start.toString(16)}`);
        placed.push({ start, end: start + size, kind, name });
        const region = fn.openRegion(index);
        const range = machine.host.openRange(kind, start as PhysicalAddress, size);
        region.write8(0, index + 1);
        assert.equal(range.read8(0), index + 1, `${name} is reached`);
      }
    }
    placed.sort((a, b) => a.start - b.start);
    for (const [index, one] of placed.entries()) {
      const next = placed.slice(index + 1).find(({ kind }) => kind === one.kind);
      assert.ok(next === undefined || one.end <= next.start, `${one.name} overlaps ${next?.name}`);
    }
  });
  await checkProperty('sim: every BAR of a random tree is reached', property, { numRuns: 60 });
});

test('property: whatever software writes into configuration spaces, reads and writes only answer', async () => {
  const write = fc.record({
    fn: fc.nat(20),
    offset: fc.oneof(fc.nat(0x40), fc.nat(0xff)),
    width: fc.constantFrom(1 as const, 2 as const, 4 as const),
    value: fc.oneof(fc.constantFrom(0, 7, 0xffff_ffff, 0x8000_0000), fc.nat(0xffff_ffff)),
  });
  const property = fc.property(machines, fc.array(write, { maxLength: 60 }), (trees, writes) => {
    using machine = machineOf(trees);
    const functions = machine.list().map(({ address }) => machine.open(address));
    const opened = functions.flatMap((fn) => fn.regions.map(({ index }) => fn.openRegion(index)));
    for (const { fn, offset, width, value } of writes) {
      const one = functions[fn % Math.max(1, functions.length)];
      if (one === undefined) return;
      one.config.write(offset & ~(width - 1), width, value);
      for (const region of opened) {
        region.write8(0, value);
        assert.ok(region.read8(0) <= 0xff);
      }
      // What can be listed can be opened, whatever the bus numbers have become.
      for (const { address } of machine.list()) machine.open(address).close();
    }
  });
  await checkProperty('sim: any writes to a random tree are survived', property, { numRuns: 40 });
});
