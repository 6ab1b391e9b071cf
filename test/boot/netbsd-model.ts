/** NetBSD's pciback as netbsd-facts describe it, written anew: one character after the other, over a field that ends in a NUL. */

export interface ModelOutcome {
  /** `bus:device.function` in decimal, in the order in which they were claimed; numbers of 32 bits, unchecked. */
  readonly claimed: readonly string[];
  readonly skipped: number;
  readonly end: 'registered' | 'syntax error' | 'page fault' | 'silent';
}

const isSpace = (c: string) => c === ' ' || (c >= '\t' && c <= '\r');

/** strtoul with base 16: the value in 64 bits, and how many characters were read. */
function strtoul(field: string, from: number): { value: bigint; to: number } {
  let at = from;
  while (isSpace(field[at] ?? '\0')) at++;
  let negative = false;
  if (field[at] === '-' || field[at] === '+') negative = field[at++] === '-';
  if (field[at] === '0' && (field[at + 1] === 'x' || field[at + 1] === 'X')) at += 2;
  let [value, any] = [0n, false];
  for (;;) {
    const c = (field[at] ?? '\0').toLowerCase();
    const digit = '0123456789abcdef'.indexOf(c);
    if (digit === -1) break;
    if (value > 0xfff_ffff_ffff_ffffn) return { value: 0n, to: from };
    value = value * 16n + BigInt(digit);
    any = true;
    at++;
  }
  if (!any) return { value: 0n, to: from };
  return { value: negative ? -value : value, to: at };
}

/** At most 63 characters of ASCII without spaces: what a field holds. */
export function modelNetbsd(value: string): ModelOutcome {
  const claimed: string[] = [];
  let skipped = 0;
  if (value === '') return { claimed, skipped, end: 'silent' };
  let at = 0;
  while (at < value.length) {
    if (value[at] !== '(') return { claimed, skipped, end: 'syntax error' };
    at++;
    let close = at;
    while (close < value.length && value[close] !== ')') close++;
    if (close === value.length) return { claimed, skipped, end: 'syntax error' };
    // The parenthesis becomes the end of a string.
    const field = `${value.slice(at, close)}\0`;
    at = close + 1;
    let from = 0;
    while (field[from] !== ':' && field[from] !== '\0') from++;
    if (field[from] === '\0') return { claimed, skipped, end: 'page fault' };
    from = field.slice(0, 4) === '0000' ? from + 1 : 0;
    const numbers: number[] = [];
    for (const closing of [':', '.', '\0']) {
      const { value: number, to } = strtoul(field, from);
      if (field[to] !== closing) break;
      numbers.push(Number(BigInt.asUintN(32, number)));
      from = to + 1;
    }
    if (numbers.length === 3) claimed.push(`${numbers[0]}:${numbers[1]}.${numbers[2]}`);
    else skipped++;
  }
  return { claimed, skipped, end: 'registered' };
}
