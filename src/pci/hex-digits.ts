/** Numbers as hexadecimal text. */

/** At least `count` digits, lower case, zeros in front. */
export function hexDigits(value: number | bigint, count: number): string {
  return value.toString(16).padStart(count, '0');
}

/** The same behind `0x`. */
export function hexNumber(value: number | bigint, count = 1): `0x${string}` {
  return `0x${hexDigits(value, count)}`;
}

/** Two ids of 16 bits as tools write them: `8086:10d3`. */
export function idsText(vendor: number, device: number): string {
  return `${hexDigits(vendor, 4)}:${hexDigits(device, 4)}`;
}
