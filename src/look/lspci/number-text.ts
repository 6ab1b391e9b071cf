/** Numbers as lspci writes them. */
import { hexDigits } from '../../pci/index.js';

const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => hexDigits(byte, 2));

/** Two digits of a byte. */
export function hex2(byte: number): string {
  return BYTES[byte & 0xff] ?? '';
}

/** Three digits of 12 bits. */
export function hex3(value: number): string {
  return hex2(value >>> 8).slice(1) + hex2(value);
}

/** Four digits of 16 bits. */
export function hex4(value: number): string {
  return hex2(value >>> 8) + hex2(value);
}

/** Eight digits of 32 bits. */
export function hex8(value: number): string {
  return hex4(value >>> 16) + hex4(value);
}

const UNITS = ['', 'K', 'M', 'G', 'T'] as const;

/**
 * ` [size=4K]`: divided by 1024 as long as nothing is lost, of the number that is left its low 32 bits; empty for a size
 * of 0 or 1, of all 64 bits, and for one that is not known.
 */
export function sizeText(bytes: bigint): string {
  let size = BigInt.asUintN(64, bytes);
  if (size <= 1n) return '';
  let unit = 0;
  while (unit < UNITS.length - 1 && size % 1024n === 0n) {
    size /= 1024n;
    unit++;
  }
  return ` [size=${BigInt.asUintN(32, size)}${UNITS[unit] ?? ''}]`;
}
