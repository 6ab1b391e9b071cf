/** Tests of base address registers: decoding, sizing and their inverses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BarSizeError,
  barCount,
  barMask,
  barShape,
  barSize,
  barSizingAnswer,
  barTypeBits,
  decodeBars,
  decodeRom,
  encodeBar,
  romOffset,
  romSize,
  romSizingAnswer,
} from '../../src/pci/index.js';
import type { BarShape } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

const shapes: BarShape[] = [{ kind: 'io', width: 32 }];
for (const prefetchable of [false, true]) {
  shapes.push({ kind: 'memory', width: 32, prefetchable, belowOneMegabyte: false });
  shapes.push({ kind: 'memory', width: 32, prefetchable, belowOneMegabyte: true });
  shapes.push({ kind: 'memory', width: 64, prefetchable, belowOneMegabyte: false });
}

test('sizing answers every power of two and gives it back', () => {
  for (const shape of shapes) {
    for (let power = shape.kind === 'io' ? 2 : 4; power < shape.width; power++) {
      const size = 1n << BigInt(power);
      const { low, high } = barSizingAnswer(shape, size);
      assert.equal(barSize(low, high), size);
      assert.deepEqual(barShape(low), shape);
      const mask = barMask(shape, size);
      assert.equal(low, (mask.low | barTypeBits(shape)) >>> 0);
    }
  }
  for (let power = 11; power < 32; power++)
    assert.equal(romSize(romSizingAnswer(1n << BigInt(power))), 1n << BigInt(power));
});

test('known answers to the sizing probe', () => {
  const memory: BarShape = { kind: 'memory', width: 64, prefetchable: true, belowOneMegabyte: false };
  assert.deepEqual(barSizingAnswer(memory, 1n << 14n), { low: 0xffffc00c, high: 0xffffffff });
  assert.deepEqual(barSizingAnswer(memory, 1n << 33n), { low: 0xc, high: 0xfffffffe });
  assert.equal(barSize(0), 0n);
  assert.equal(barSize(0xffffffe1), 32n);
  // Ports of 16 bits only.
  assert.equal(barSize(0x0000ffe1), 32n);
  assert.equal(barSize(0xfff00000), 1n << 20n);
  // The next slot is not part of a 32-bit BAR.
  assert.equal(barSize(0, 0xffffffff), 0n);
  assert.equal(romSizingAnswer(2048n), 0xfffff801);
  assert.equal(romSize(0), 0n);
});

test('sizes that no BAR has', () => {
  const memory: BarShape = { kind: 'memory', width: 32, prefetchable: false, belowOneMegabyte: false };
  for (const size of [0n, -16n, 8n, 24n, 1n << 32n]) assert.throws(() => barMask(memory, size), BarSizeError);
  assert.throws(() => barSizingAnswer({ kind: 'io', width: 32 }, 2n), BarSizeError);
  assert.throws(() => romSizingAnswer(1024n), BarSizeError);
});

test('an encoded BAR decodes to what it was', async () => {
  await checkProperty(
    'bars: an encoded BAR decodes to what it was',
    fc.property(fc.constantFrom(...shapes), fc.bigInt({ min: 1n, max: (1n << 60n) - 1n }), (shape, page) => {
      const address = BigInt.asUintN(shape.width, page << 4n);
      const { low, high } = encodeBar(shape, address);
      const { slots, findings } = decodeBars(shape.width === 64 ? [low, high] : [low]);
      fc.pre(low !== 0);
      assert.deepEqual(slots[0], { ...shape, index: 0, offset: 0x10, address });
      assert.deepEqual(findings, []);
    }),
  );
});

test('slots of a header', () => {
  const { slots, findings } = decodeBars([0xfebf0004, 0x12, 0xe001, 0xffffffff, 0, 0xfff0000c]);
  assert.deepEqual(
    slots.map((slot) => slot.kind),
    ['memory', 'upper', 'io', 'empty', 'empty', 'invalid'],
  );
  const [first, , third] = slots;
  assert.equal(first?.kind === 'memory' && first.address, 0x12_febf_0000n);
  assert.equal(third?.kind === 'io' && third.address, 0xe000n);
  assert.deepEqual(findings, [{ code: 'BAR_UPPER_MISSING', index: 5, offset: 0x24 }]);
  assert.deepEqual(decodeBars([6]).findings, [{ code: 'BAR_TYPE_RESERVED', index: 0, offset: 0x10 }]);
});

test('any dwords give one slot each', async () => {
  await checkProperty(
    'bars: any dwords give one slot each',
    fc.property(fc.array(fc.nat(0xffffffff), { maxLength: 6 }), (dwords) => {
      const { slots } = decodeBars(dwords);
      assert.deepEqual(
        slots.map((slot) => [slot.index, slot.offset]),
        dwords.map((_, index) => [index, 0x10 + 4 * index]),
      );
    }),
  );
});

test('counts, ROM', () => {
  assert.deepEqual([0, 1, 2, 3, 0x80, 0x81].map(barCount), [6, 2, 1, 0, 6, 2]);
  assert.deepEqual([0, 1, 2, 0x80].map(romOffset), [0x30, 0x38, undefined, 0x30]);
  assert.deepEqual(decodeRom(0xfebc0001, 0x30), { offset: 0x30, enabled: true, address: 0xfebc0000n });
  assert.equal(decodeRom(0, 0x30), undefined);
});
