/** The `%x` of the Linux kernel's sscanf, into an int of 32 bits. */

export interface ScannedNumber {
  /** 32 bits, signed: how the kernel's variable takes it. */
  readonly value: number;
  readonly start: number;
  readonly end: number;
  readonly prefixed: boolean;
  /** Only the prefix `0x` was there. */
  readonly empty: boolean;
  /** More than 32 bits were written. */
  readonly wrapped: boolean;
}

const WHITE_SPACE = /[\t-\r ]*/y;
/** The prefix is taken wherever it stands: no digit needs to follow. */
const NUMBER = /(0[xX])?([0-9a-fA-F]*)/y;

/** The first character at or behind `position` that is no white space. */
export function skipSpace(text: string, position: number): number {
  WHITE_SPACE.lastIndex = position;
  return position + (WHITE_SPACE.exec(text)?.[0].length ?? 0);
}

/** White space may stand before the number, a sign may not. Undefined where there is no number. */
export function scanHex(text: string, position: number): ScannedNumber | undefined {
  const start = skipSpace(text, position);
  NUMBER.lastIndex = start;
  const [all = '', prefix = '', digits = ''] = NUMBER.exec(text) ?? [];
  if (all === '') return undefined;
  // What does not fit is lost from the left.
  const lowest = digits.slice(-8);
  return {
    value: lowest === '' ? 0 : Number.parseInt(lowest, 16) | 0,
    start,
    end: start + all.length,
    prefixed: prefix !== '',
    empty: digits === '',
    wrapped: digits.replace(/^0+/, '').length > 8,
  };
}
