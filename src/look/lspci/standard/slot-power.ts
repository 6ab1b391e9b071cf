/** Slot power limits in watts, as lspci writes them. */

/** Watts by the two scale bits. */
const PARTS = [1, 10, 100, 1000];
/** With the first scale, values from here on stand for limits of their own. */
const FIRST_SPECIAL = 0xf0;
const ABOVE_ALL = 0xff;

/** `25W`, `0.75W`, `>600W` (PCI Express Base 6.0, 7.5.3.3). */
export function slotPower(value: number, scale: number): string {
  if (scale !== 0 || value < FIRST_SPECIAL) return `${value / (PARTS[scale] ?? 1)}W`;
  return value === ABOVE_ALL ? '>600W' : `${250 + 25 * (value - FIRST_SPECIAL)}W`;
}
