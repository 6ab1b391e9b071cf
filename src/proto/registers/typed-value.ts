/** Values as a person types them: as they are shown, by name, or as the number of their bits. */
import { allBits, rawFieldValue, type Field } from '../../pci/index.js';
import { rawOf, wholeNumber } from './mapped-register.js';
import type { RawField, RegisterShape } from './register-shape.js';

/** The number of a whole register. @throws {RegisterError} */
export function wholeOfText(shape: RegisterShape, text: string): bigint {
  const { register, name } = shape;
  const [only] = register.fields;
  // A register that is one number of named values, or in a unit, reads as such: then it is written so.
  if (only !== undefined && register.fields.length === 1 && only.name === '' && only.show.kind !== 'hex')
    return BigInt(fieldOfText(shape, only, text).raw) << BigInt(only.low);
  return BigInt(wholeNumber(register, name, numberOf(text) ?? text)) & allBits(register.width);
}

const ON = new Set(['1', 'true', 'on', 'yes']);
const OFF = new Set(['0', 'false', 'off', 'no']);

/** @throws {RegisterError} the field has no such value, or is not written. */
export function fieldOfText(shape: RegisterShape, field: Field, text: string): RawField {
  shape.checkWritable(field);
  const raw = rawOfText(field, text);
  if (raw === undefined) return { field, raw: rawOf(shape, field, valueOf(field, text)) };
  shape.checkClearing(field, raw);
  return { field, raw };
}

const RAW = 'raw:';

/**
 * The raw number of a value as a person types it: as it is shown, or the number of the bits themselves behind `raw:`. A
 * bare number is that of the bits only where it cannot be meant otherwise: `1` for a size that begins with 128 bytes.
 */
export function rawOfText(field: Field, text: string): number | undefined {
  if (text.startsWith(RAW))
    return rawFieldValue({ ...field, show: { kind: 'number' } }, numberOf(text.slice(RAW.length)));
  const raw = rawFieldValue(field, valueOf(field, text));
  const { show, low, high } = field;
  if (raw !== undefined || show.kind !== 'power2') return raw;
  const isBelow = show.base >= 2 ** (high - low + 1);
  return isBelow ? rawFieldValue({ ...field, show: { kind: 'number' } }, numberOf(text)) : undefined;
}

/** A value as a person types it for a field; text where it is no number, which the field may have a name for. */
function valueOf({ show }: Field, text: string): unknown {
  if (show.kind === 'flag') {
    const word = text.toLowerCase();
    if (ON.has(word)) return true;
    return OFF.has(word) ? false : text;
  }
  if (show.kind === 'values' && Object.values(show.values).includes(text)) return text;
  const unit = show.kind === 'number' || show.kind === 'power2' ? (show.unit ?? '') : '';
  // As it is shown: `256 bytes`.
  const bare = unit !== '' && text.endsWith(` ${unit}`) ? text.slice(0, -unit.length - 1) : text;
  return numberOf(bare) ?? text;
}

/** Decimal, or with 0x, 0o or 0b; underscores may divide it. */
function numberOf(text: string): number | bigint | undefined {
  const digits = text.replaceAll('_', '');
  if (!/^(0x[0-9a-f]+|0o[0-7]+|0b[01]+|\d+)$/i.test(digits)) return undefined;
  const value = BigInt(digits);
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}
