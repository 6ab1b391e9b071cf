/** The windows of a decoded bridge: each register, and what the bridge passes on by them. */
import { hexNumber } from '../../pci/index.js';
import { onOff, type Lines } from './lines.js';

/** A window's ends; `not set` where it begins behind its end. */
function range(base: bigint, limit: bigint, count: number): string {
  return `      range:  ${base < limit ? `${hexNumber(base, count)}-${hexNumber(limit, count)}` : 'not set'}\n`;
}

/** A register below the name of its window; the label has its colon, and blanks behind it where NetBSD aligns two. */
function part(label: string, value: number, count: number): string {
  return `      ${label} ${hexNumber(value, count)}\n`;
}

export const portWindow: Lines = (space) => {
  const [base, limit] = [space.read(0x1c, 1), space.read(0x1d, 1)];
  const [baseUpper, limitUpper] = [space.read(0x30, 2), space.read(0x32, 2)];
  const wide = (base & 0xf) === 1;
  const whole = (low: number, upper: number, rest: number) =>
    BigInt(((low & 0xf0) << 8) + rest + (wide ? upper * 0x10000 : 0));
  return [
    '    I/O region:\n',
    part('base register: ', base, 2),
    part('limit register:', limit, 2),
    onOff('32bit I/O', wide),
    part('base upper 16 bits register: ', baseUpper, 4),
    part('limit upper 16 bits register:', limitUpper, 4),
    range(whole(base, baseUpper, 0), whole(limit, limitUpper, 0xfff), wide ? 8 : 4),
  ].join('');
};

/** Bits 31:20 of a window's address, in bits 15:4 of its register. */
function mebibytes(register: number): bigint {
  return BigInt(register >>> 4) << 20n;
}
const LAST_OF_MEBIBYTE = 0xf_ffffn;

export const memoryWindow: Lines = (space) => {
  const [base, limit] = [space.read(0x20, 2), space.read(0x22, 2)];
  return [
    '    Memory region:\n',
    part('base register: ', base, 4),
    part('limit register:', limit, 4),
    range(mebibytes(base), mebibytes(limit) | LAST_OF_MEBIBYTE, 8),
  ].join('');
};

export const prefetchableWindow: Lines = (space) => {
  const [base, limit] = [space.read(0x24, 2), space.read(0x26, 2)];
  const [baseUpper, limitUpper] = [space.read(0x28, 4), space.read(0x2c, 4)];
  // The flag is bit 0 alone, while any of the four bits makes the window wide.
  const wide = (base & 0xf) !== 0;
  const upper = (value: number) => (wide ? BigInt(value) << 32n : 0n);
  return [
    '    Prefetchable memory region:\n',
    part('base register: ', base, 4),
    part('limit register:', limit, 4),
    part('base upper 32 bits register: ', baseUpper, 8),
    part('limit upper 32 bits register:', limitUpper, 8),
    onOff('64bit memory address', (base & 1) !== 0),
    range(
      mebibytes(base) | upper(baseUpper),
      mebibytes(limit) | LAST_OF_MEBIBYTE | upper(limitUpper),
      wide ? 16 : 8,
    ),
  ].join('');
};

export const cardBusWindows: Lines = (space) =>
  ['memory region 0', 'memory region 1', 'I/O region 0', 'I/O region 1']
    .map((name, i) =>
      [
        `    CardBus ${name}:\n`,
        part('base register: ', space.read(0x1c + 8 * i, 4), 8),
        part('limit register:', space.read(0x20 + 8 * i, 4), 8),
      ].join(''),
    )
    .join('');
