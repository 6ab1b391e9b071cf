/** What the raw bits of a field stand for, and the bits that a value is written as. */
import { fieldOf } from './registers.js';
import type { Field, Width } from './registers.js';

/** A flag, a number in the field's unit, or one of its names. */
export type FieldValue = boolean | number | string;

/** Whether a JavaScript number holds that many bits. */
export function isExact(bits: number): boolean {
  return bits <= 53;
}

/** What the raw number of a field stands for. */
export function fieldValue({ show }: Pick<Field, 'show'>, raw: number): FieldValue {
  switch (show.kind) {
    case 'flag':
      return raw !== 0;
    case 'number':
      return raw * (show.times ?? 1) + (show.plus ?? 0);
    case 'hex':
      return raw * 2 ** (show.shift ?? 0);
    case 'values':
      return show.values[raw] ?? raw;
    case 'power2':
      return show.base * 2 ** raw;
  }
}

/** The raw number that stands for a value; undefined where the field has none for it. */
export function rawFieldValue(
  field: Pick<Field, 'low' | 'high' | 'show'>,
  value: unknown,
): number | undefined {
  const raw = unscaled(field, value);
  if (raw === undefined || !Number.isInteger(raw) || raw < 0) return undefined;
  return raw < 2 ** (field.high - field.low + 1) ? raw : undefined;
}

function unscaled({ show }: Pick<Field, 'show'>, value: unknown): number | undefined {
  if (typeof value === 'boolean') return show.kind === 'flag' ? Number(value) : undefined;
  if (typeof value === 'string') return show.kind === 'values' ? namedValue(show.values, value) : undefined;
  if (typeof value === 'bigint') {
    return value > Number.MAX_SAFE_INTEGER ? undefined : unscaled({ show }, Number(value));
  }
  if (typeof value !== 'number') return undefined;
  switch (show.kind) {
    case 'number':
      return (value - (show.plus ?? 0)) / (show.times ?? 1);
    case 'hex':
      return value / 2 ** (show.shift ?? 0);
    case 'power2':
      return Math.log2(value / show.base);
    case 'flag':
    case 'values':
      return value;
  }
}

function namedValue(names: Readonly<Record<number, string>>, name: string): number | undefined {
  const found = Object.entries(names).find(([, each]) => each === name);
  return found === undefined ? undefined : Number(found[0]);
}

/** The raw number of a field in the value of a register of any width; exact for fields of up to 53 bits. */
export function rawIn(value: number | bigint, { low, high }: Pick<Field, 'low' | 'high'>): number {
  if (typeof value === 'bigint')
    return Number((value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n));
  return fieldOf(value, { low, high });
}

/** The bits of a field in a register of any width. */
export function bitsOf({ low, high }: Pick<Field, 'low' | 'high'>): bigint {
  return ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
}

/** All bits of a register. */
export function allBits(width: Width): bigint {
  return (1n << BigInt(width * 8)) - 1n;
}
