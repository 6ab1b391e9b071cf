/** Keys of names that have several parts. */

/** Two numbers of 16 bits as one of 32. */
export function pairOf(high: number, low: number): number {
  return high * 0x10000 + low;
}
