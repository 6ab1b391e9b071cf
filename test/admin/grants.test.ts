/** What goes with a function: whole pages, what is shared, and the record's text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatGrants,
  grantsOf,
  grantsWithout,
  parseGrants,
  type Grants,
  type Run,
} from '../../src/admin/grants.js';
import type { RegionInfo } from '../../src/function/index.js';
import type { Pirq } from '../../src/xen/platform.js';
import { checkProperty } from '../kept-seeds.js';

const region = (kind: 'memory' | 'io', address: bigint, size: number): RegionInfo => ({
  index: 0,
  kind,
  address,
  size,
  prefetchable: false,
  wide: false,
});

test('regions become whole pages and ports; what has no address, and no line, is nothing', () => {
  const regions = [
    region('memory', 0xfebd_0000n, 0x4000),
    region('memory', 0xfebd_4100n, 0x100),
    region('memory', 0xfebd_5f80n, 0x100),
    region('memory', 0x1000_0000_0000n, 0x1000),
    region('memory', 0n, 0x1000),
    region('io', 0xc040n, 0x20),
    region('io', 0n, 8),
  ];
  assert.deepEqual(grantsOf({ regions, interruptLine: 11 }), {
    memory: [
      { first: 0xfebd0, count: 4 },
      { first: 0xfebd4, count: 1 },
      { first: 0xfebd5, count: 2 },
      { first: 0x1_0000_0000, count: 1 },
    ],
    ports: [{ first: 0xc040, count: 0x20 }],
    pirq: 11,
  });
  for (const interruptLine of [undefined, 0, 255])
    assert.equal(grantsOf({ regions: [], interruptLine }).pirq, undefined);
});

const run: fc.Arbitrary<Run> = fc.record({ first: fc.nat(40), count: fc.integer({ min: 1, max: 12 }) });
const grants: fc.Arbitrary<Grants> = fc.record({
  memory: fc.array(run, { maxLength: 4 }),
  ports: fc.array(run, { maxLength: 4 }),
  pirq: fc.option(fc.nat(4) as fc.Arbitrary<Pirq>, { nil: undefined }),
});
const numbers = (runs: readonly Run[]): Set<number> =>
  new Set(runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, offset) => first + offset)));

test('property: what is revoked is what nobody else has, number by number', async () => {
  await checkProperty(
    'grants: without others',
    fc.property(grants, fc.array(grants, { maxLength: 3 }), (own, others) => {
      const left = grantsWithout(own, others);
      for (const kind of ['memory', 'ports'] as const) {
        const kept = numbers(others.flatMap((other) => other[kind]));
        const expected = [...numbers(own[kind])].filter((number) => !kept.has(number));
        assert.deepEqual([...numbers(left[kind])].sort(), expected.sort());
        assert.ok(left[kind].every(({ count }) => count > 0));
      }
      const shared = others.some(({ pirq }) => pirq === own.pirq);
      assert.equal(left.pirq, shared ? undefined : own.pirq);
    }),
    { numRuns: 500 },
  );
});

test('property: the record’s text is read as it was written, and any other text is none', async () => {
  await checkProperty(
    'grants: record',
    fc.property(grants, fc.string({ maxLength: 12 }), fc.nat(80), (own, junk, at) => {
      const text = formatGrants(own);

      assert.deepEqual(parseGrants(text), structuredClone(own));
      const other = text.slice(0, at) + junk + text.slice(at);
      const parsed = parseGrants(other);
      if (parsed !== undefined) assert.equal(formatGrants(parsed).length <= other.length + 8, true);
    }),
  );
});
