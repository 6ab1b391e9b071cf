/** What has changed between two states of a buffer, as runs of bytes. */

/** One run: from `start` up to, not including, `end`. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** Runs that are not further apart than this are one: a structure of which some fields kept their values. */
const CLOSE = 16;

/**
 * The runs in which `now` differs from `before`, both of one length. What lies between two of them by no more than 16
 * bytes belongs to both. `longest` cuts long runs into several.
 */
export function changedExtents(before: Uint8Array, now: Uint8Array, longest = Infinity): Extent[] {
  const extents: Extent[] = [];
  // Most buffers have not changed, and this is asked at every access.
  if (Buffer.compare(before, now) === 0) return extents;
  let start = -1;
  let last = -1;
  for (let index = 0; index < now.length; index++) {
    if (before[index] !== now[index]) {
      if (start < 0) start = index;
      else if (index - last > CLOSE || index - start >= longest) {
        extents.push({ start, end: last + 1 });
        start = index;
      }
      last = index;
    }
  }
  if (start >= 0) extents.push({ start, end: last + 1 });
  return extents;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb8_8320 : 0);
  return remainder;
});

/** CRC-32 as Ethernet, gzip and PNG have it (ITU-T V.42, 8.1.1.6.2). */
export function crc32(bytes: Uint8Array): number {
  let remainder = 0xffff_ffff;
  for (const byte of bytes) remainder = (TABLE[(remainder ^ byte) & 0xff] ?? 0) ^ (remainder >>> 8);
  return ~remainder >>> 0;
}
