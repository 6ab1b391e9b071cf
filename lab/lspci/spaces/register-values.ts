/** The values that a field of a table is tried with, and how one is put into the bytes of a table. */
import { fieldMask, type Field, type Register } from '../../../src/pci/index.js';
import type { Random } from './random.js';

/** A field this narrow is tried with every value. */
const NARROW_BITS = 4;

/** Of one up to 32 bits wide: none, all ones, the lowest and the highest bit, what the table names, some by chance. */
export function valuesOf(field: Field, random: Random): readonly number[] {
  const bits = Math.min(field.high - field.low + 1, 32);
  const all = 2 ** bits - 1;
  if (bits <= NARROW_BITS) return Array.from({ length: all + 1 }, (_, value) => value);
  const named = field.show.kind === 'values' ? Object.keys(field.show.values).map(Number) : [];
  const chance = [random.next(), random.next(), random.next()].map((value) => (value & all) >>> 0);
  return [...new Set([0, 1, all, 2 ** (bits - 1), ...named, ...chance])].filter((value) => value <= all);
}

/**
 * Puts a value into a register that begins at `offset`. A field that reaches over both halves of 8 bytes gets the value
 * in each of them.
 */
export function putField(
  bytes: Uint8Array,
  offset: number,
  { width }: Pick<Register, 'width'>,
  field: Pick<Field, 'low' | 'high'>,
  value: number,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let half = 0; half * 4 < width; half++) {
    const [low, high] = [Math.max(field.low - half * 32, 0), Math.min(field.high - half * 32, 31)];
    const size = Math.min(width, 4);
    if (low > high || offset + half * 4 + size > bytes.length) continue;
    const mask = fieldMask({ low, high });
    const set = (before: number) => ((before & ~mask) | ((value << low) & mask)) >>> 0;
    const at = offset + half * 4;
    if (size === 4) view.setUint32(at, set(view.getUint32(at, true)), true);
    else if (size === 2) view.setUint16(at, set(view.getUint16(at, true)), true);
    else view.setUint8(at, set(view.getUint8(at)));
  }
}
