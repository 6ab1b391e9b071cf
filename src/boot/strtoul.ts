/** NetBSD's strtoul(3) with base 16, as its kernel has it on amd64, stored in 32 bits. */

export interface ReadNumber {
  /** 32 bits, unsigned. */
  readonly value: number;
  /** Where the number ends; its own beginning when no number was read. */
  readonly end: number;
  readonly spaced: boolean;
  readonly signed: boolean;
  readonly prefixed: boolean;
  /** More than 32 bits were written. */
  readonly wrapped: boolean;
}

const NUMBER = /([\t-\r ]*)([-+]?)(0[xX])?([0-9a-fA-F]*)/y;
/** Significant digits that an unsigned long holds. The kernel's copy counts more of them as no number at all. */
const MOST_DIGITS = 16;

/** White space, a sign and `0x` may stand before the digits. Without digits the value is 0 and nothing is read. */
export function strtoul16(text: string, start: number): ReadNumber {
  NUMBER.lastIndex = start;
  const [all = '', space = '', sign = '', prefix = '', digits = ''] = NUMBER.exec(text) ?? [];
  const significant = digits.replace(/^0+/, '');
  if (digits === '' || significant.length > MOST_DIGITS)
    return { value: 0, end: start, spaced: false, signed: false, prefixed: false, wrapped: false };
  const written = BigInt(`0x${digits}`);
  return {
    value: Number(BigInt.asUintN(32, sign === '-' ? -written : written)),
    end: start + all.length,
    spaced: space !== '',
    signed: sign !== '',
    prefixed: prefix !== '',
    wrapped: written > 0xffff_ffffn,
  };
}
