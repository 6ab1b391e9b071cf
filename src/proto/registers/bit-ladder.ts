/** A register's bits with its fields hung below them, each at its lowest bit. */
import { decodeValue, type DecodedField, type Register, type Width } from '../../pci/index.js';

const LINE_BITS = 32;

/** Lines of text: the bits in groups of four, highest first, and below them the fields. */
export function bitLadder(register: Register, value: number | bigint): string[] {
  const { fields } = decodeValue(register.name, register, register.offset, value);
  return fieldLadder(register.width, fields, value);
}

/** The same of fields that are decoded already. */
export function fieldLadder(width: Width, fields: readonly DecodedField[], value: number | bigint): string[] {
  const bits = BigInt(value)
    .toString(2)
    .padStart(width * 8, '0');
  const lines: string[] = [];
  // A register of 64 bits has two lines of them; a field hangs where its lowest bit is.
  for (let top = bits.length; top > 0; top -= LINE_BITS) {
    const bottom = Math.max(0, top - LINE_BITS);
    const shown = bits.slice(bits.length - top, bits.length - bottom);
    lines.push(...half(shown, bottom, fields));
  }
  return lines;
}

function half(bits: string, bottom: number, fields: readonly DecodedField[]): string[] {
  const column = (bit: number) => {
    const fromLeft = bits.length - 1 - (bit - bottom);
    return fromLeft + Math.floor(fromLeft / 4);
  };
  const width = column(bottom) + 1;
  const hanging = fields
    .filter(({ low }) => low >= bottom && low < bottom + bits.length)
    .sort((a, b) => a.low - b.low);
  const head = bits.replace(/(.{4})(?=.)/g, '$1 ');
  const lines = [head];
  if (hanging.length > 0)
    lines.push(
      bars(
        hanging.map(({ low }) => column(low)),
        width,
      ),
    );
  hanging.forEach((field, index) => {
    const at = column(field.low);
    const left = bars(
      hanging.slice(index + 1).map(({ low }) => column(low)),
      at,
    );
    lines.push(`${left.padEnd(at)}+${'-'.repeat(width - at + 1)} ${fieldLine(field)}`);
  });
  return lines;
}

function bars(columns: readonly number[], width: number): string {
  const line = Array.from({ length: width }, () => ' ');
  for (const column of columns) line[column] = '|';
  return line.join('').trimEnd();
}

function fieldLine({ name, low, high, value, unit, access }: DecodedField): string {
  const range = high === low ? `${low}` : `${high}:${low}`;
  const short = name.slice(name.lastIndexOf('.') + 1);
  const shown =
    typeof value === 'boolean' ? (value ? 'yes' : 'no') : `${value}${unit === undefined ? '' : ` ${unit}`}`;
  return `${range.padEnd(6)} ${short.padEnd(24)} ${shown}${access === 'rw' ? '' : `  (${access})`}`;
}
