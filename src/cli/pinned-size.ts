/** Sizes as people type them for memory: `64M`, `8G`, or bytes. */
import { InvalidArgumentError } from 'commander';

const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Bytes. @throws {InvalidArgumentError} */
export function parsedSize(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const factor = FACTORS[unit.toLowerCase()];
  if (digits === '' || factor === undefined)
    throw new InvalidArgumentError('It is a number of bytes, or of K, M, G, T: 64M, 8G.');
  return Number(digits) * factor;
}
