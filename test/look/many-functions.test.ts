/** Machines of thousands of functions that share everything: what is said of each does not grow with the others. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CapturedFunction, RegionInfo } from '../../src/function/index.js';
import { differencesBetween, explain, Topology } from '../../src/look/index.js';
import { overlapsAmong } from '../../src/look/explain/overlaps.js';
import { header0, PciAddress } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { madeFunction, madeSpace } from './made-function.js';

const FUNCTIONS = 4_000;

function region(index: number, address: bigint, size: number): RegionInfo {
  return { index, kind: 'memory', size, address, prefetchable: false, wide: true };
}

/** All alike, on buses of 256; `first`: the domain of the first of them. */
function alike(first: number): CapturedFunction[] {
  const config = madeSpace({ header: header0, values: { vendor: 0x8086, 'command.memory': 1 } });
  const fn = madeFunction('00:00.0', config);
  return Array.from({ length: FUNCTIONS }, (_, index) => ({
    ...fn,
    address: new PciAddress(first, index >> 8, (index >> 3) & 0x1f, index & 7),
    iommuGroup: 1,
    regions: [0, 1, 2].map((each) => region(each, BigInt(0x1000 + index * 16 + each), 2 ** 40)),
  }));
}

describe('a machine of thousands of functions', () => {
  test('of which all overlap and share a group is explained in few words each', () => {
    const topology = new Topology({ functions: alike(0) });
    for (const { fn } of topology.all()) {
      const found = explain(topology, fn.address);
      assert.equal(found.filter(({ code }) => code === 'BAR_OVERLAP').length, 3 * 8);
      const shared = found.find(({ code }) => code === 'GROUP_SHARED')?.evidence['others'];
      assert.ok(Array.isArray(shared) && shared.length === 17 && shared[16] === `${FUNCTIONS - 17} more`);
    }
  });

  test('which all moved are no one’s likeness', () => {
    const capture = (functions: readonly CapturedFunction[]) => ({
      machine: 'm',
      taken: undefined,
      functions,
    });
    const found = differencesBetween(capture(alike(0)), capture(alike(1)));
    assert.deepEqual(
      ['appeared', 'gone', 'moved'].map((kind) => found.filter((each) => each.kind === kind).length),
      [FUNCTIONS, FUNCTIONS, 0],
    );
  });
});

test('regions that overlap are found, and no others', async () => {
  const nodes = [...new Topology({ functions: alike(0).slice(0, 12) }).all()];
  const placed = fc.array(
    fc.record({ node: fc.constantFrom(...nodes), at: fc.nat(40), size: fc.integer({ min: 1, max: 30 }) }),
    { maxLength: 40 },
  );
  await checkProperty(
    'look: regions that overlap are found, and no others',
    fc.property(placed, (given) => {
      const regions = given.map(({ node, at, size }) => ({
        node,
        region: region(0, BigInt(at), size),
        last: BigInt(at + size - 1),
      }));
      const found = overlapsAmong(regions);
      for (const one of regions) {
        const expected = regions.filter(
          (other) =>
            other.node !== one.node && other.region.address <= one.last && one.region.address <= other.last,
        );
        const told = found.get(one) ?? [];
        assert.equal(new Set(told).size, told.length);
        assert.ok(told.every((other) => expected.includes(other)));
        assert.equal(told.length, Math.min(expected.length, 8));
      }
    }),
  );
});
