/** Places of DMA memory: every one is as its constraints demand, and the lowest that is free. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  DmaPlacement,
  IovaSpace,
  wholePages,
  type DmaConstraints,
  type Iova,
} from '../../src/function/index.js';
import { checkProperty } from '../kept-seeds.js';

const PAGE = 4096;
const power = (from: number, to: number) => fc.integer({ min: from, max: to }).map((bits) => 2 ** bits);

const demands = fc.record(
  {
    alignment: power(0, 20),
    boundary: power(10, 22),
    highest: fc.integer({ min: PAGE, max: 2 ** 24 }).map((address) => BigInt(address) as Iova),
    segments: fc.integer({ min: 1, max: 40 }),
    segmentBytes: fc.integer({ min: 512, max: 2 ** 20 }),
  },
  { requiredKeys: [] },
);
const sizes = fc.integer({ min: 1, max: 2 ** 18 });

function checkPlace(start: number, bytes: number, constraints: DmaConstraints): void {
  const { alignment = 1, boundary = 2 ** 40, highest, segments = 1, segmentBytes = 2 ** 40 } = constraints;
  assert.equal(start % Math.max(alignment, PAGE), 0);
  if (highest !== undefined) assert.ok(BigInt(start + bytes - 1) <= highest);
  const list = new DmaPlacement(bytes, constraints).segments(BigInt(start) as Iova);
  assert.ok(list.length >= 1 && list.length <= segments);
  let at = start;
  for (const segment of list) {
    assert.equal(segment.iova, BigInt(at));
    assert.ok(segment.bytes > 0 && segment.bytes <= segmentBytes);
    assert.equal(Math.floor(at / boundary), Math.floor((at + segment.bytes - 1) / boundary));
    at += segment.bytes;
  }
  assert.equal(at, start + bytes);
}

/** Whether `bytes` can stand at `start`, by trying: no arithmetic but one step after another. */
function canStand(start: number, bytes: number, constraints: DmaConstraints): boolean {
  const { alignment = 1, boundary = 2 ** 40, highest, segments = 1, segmentBytes = 2 ** 40 } = constraints;
  if (start % Math.max(alignment, PAGE) !== 0) return false;
  if (highest !== undefined && BigInt(start + bytes - 1) > highest) return false;
  let pieces = 0;
  for (let at = start; at < start + bytes; pieces++)
    at = Math.min(start + bytes, at + segmentBytes, (Math.floor(at / boundary) + 1) * boundary);
  return pieces <= segments;
}

describe('the place of a buffer', () => {
  test('is as the device needs it, wherever it is looked for', async () => {
    const property = fc.property(demands, sizes, fc.nat(2 ** 22), (constraints, bytes, start) => {
      let placement: DmaPlacement;
      try {
        placement = new DmaPlacement(bytes, constraints);
      } catch {
        // Then it does not fit at a boundary either, where it takes fewest segments.
        const rest: DmaConstraints = { ...(constraints as DmaConstraints), highest: (2n ** 50n) as Iova };
        assert.equal(canStand(0, bytes, rest), false);
        return;
      }
      const end = start + 2 ** 21;
      const place = placement.fit(start, end);
      if (place === undefined) {
        // Not at the first aligned address, nor at a boundary.
        const { alignment = 1, boundary = 1 } = constraints as DmaConstraints;
        for (const multiple of [Math.max(alignment, PAGE), Math.max(alignment, PAGE, boundary)]) {
          const at = Math.ceil(start / multiple) * multiple;
          assert.ok(at + wholePages(bytes) > end || !canStand(at, bytes, constraints));
        }
        return;
      }
      assert.ok(place >= start && place + wholePages(bytes) <= end);
      checkPlace(place, bytes, constraints);
    });
    await checkProperty('dma: a place is as it was demanded', property, { numRuns: 500 });
  });

  test('is never told in more segments than can be kept', () => {
    assert.throws(() => new DmaPlacement(2 ** 40, { segments: 2 ** 32, segmentBytes: 1 }), {
      code: 'DMA_CONSTRAINTS',
    });
    const placement = new DmaPlacement(2 ** 40, { segments: 16, boundary: 2 ** 36 });
    assert.equal(placement.segments(0n as Iova).length, 16);
  });

  test('is refused for numbers that are none', () => {
    for (const constraints of [
      { alignment: 0 },
      { alignment: 2 ** 52 + 1 },
      { boundary: 3 },
      { boundary: -4096 },
      { segmentBytes: 0 },
      { segmentBytes: 0.5 },
      { segments: 0 },
    ])
      assert.throws(
        () => new DmaPlacement(1, constraints),
        { code: 'DMA_CONSTRAINTS' },
        JSON.stringify(constraints),
      );
    for (const bytes of [-1, 0.5, NaN, 2 ** 60])
      assert.throws(() => new DmaPlacement(bytes), { code: 'DMA_CONSTRAINTS' }, String(bytes));
  });
});

describe('a space of addresses', () => {
  test('gives each to one at a time, until it is given back', async () => {
    const step = fc.oneof(fc.record({ take: sizes, constraints: demands }), fc.record({ free: fc.nat(30) }));
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const [first, end] = [0x10_0000, 0x40_0000];
      const space = new IovaSpace(first, end);
      const held: { start: number; bytes: number }[] = [];
      for (const one of steps) {
        if ('free' in one) {
          const [gone] = held.splice(one.free, 1);
          if (gone !== undefined) space.free(gone.start);
          continue;
        }
        try {
          const start = space.allocate(new DmaPlacement(one.take, one.constraints));
          assert.ok(start >= first && start + wholePages(one.take) <= end);
          checkPlace(start, one.take, one.constraints);
          for (const other of held)
            assert.ok(
              start + wholePages(one.take) <= other.start || other.start + wholePages(other.bytes) <= start,
            );
          held.push({ start, bytes: one.take });
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          assert.match((error as { code: string }).code, /^DMA_/);
        }
      }
      for (const { start } of held) space.free(start);
      assert.equal(space.allocate(new DmaPlacement(end - first)), first, 'nothing is left behind');
    });
    await checkProperty('dma: addresses are one buffer’s at a time', property, { numRuns: 200 });
  });
});
