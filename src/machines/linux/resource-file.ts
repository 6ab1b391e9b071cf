/** The sysfs file `resource`: where the kernel placed a function's regions. */
import type { RegionInfo } from '../../function/index.js';

/** linux/include/linux/ioport.h */
const FLAG_IO = 0x100;
const FLAG_MEMORY = 0x200;
const FLAG_PREFETCH = 0x2000;
const FLAG_WIDE = 0x10_0000;
/** The kernel knows the size but gave no address. */
const FLAG_UNSET = 0x2000_0000;
/** Six BARs and the expansion ROM; what follows belongs to virtual functions and bridges. */
const OWN_LINES = 7;

/** One region a line; lines of zeros are absent BARs and upper halves. Malformed lines count as absent. */
export function parseResourceFile(text: string): RegionInfo[] {
  const regions: RegionInfo[] = [];
  for (const [index, line] of text.split('\n').slice(0, OWN_LINES).entries()) {
    const match = /^0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16})$/.exec(line.trim());
    if (match === null) continue;
    const [start, end, flags] = [BigInt(`0x${match[1]}`), BigInt(`0x${match[2]}`), Number(`0x${match[3]}`)];
    // One byte is a region: the control port of an IDE channel that the kernel placed at its legacy address.
    if (end < start || end === 0n || (flags & (FLAG_IO | FLAG_MEMORY)) === 0) continue;
    regions.push({
      index,
      kind: (flags & FLAG_IO) !== 0 ? 'io' : 'memory',
      size: Number(end - start + 1n),
      address: (flags & FLAG_UNSET) !== 0 ? 0n : start,
      prefetchable: (flags & FLAG_PREFETCH) !== 0,
      wide: (flags & FLAG_WIDE) !== 0,
    });
  }
  return regions;
}
