/** The one check that every region access passes: alignment and range. */
import { RegionAccessError } from './errors.js';

/** `name` is the region in a message's words. @throws {RegionAccessError} */
export function checkRegionAccess(name: string, size: number, offset: number, width: 1 | 2 | 4 | 8): void {
  if ((offset & (width - 1)) !== 0) {
    throw new RegionAccessError(
      'REGION_UNALIGNED',
      name,
      `0x${offset.toString(16)} is not aligned to ${width} bytes`,
    );
  }
  if (!Number.isInteger(offset) || offset < 0 || offset + width > size) {
    throw new RegionAccessError(
      'REGION_OUT_OF_RANGE',
      name,
      `${width} bytes at 0x${offset.toString(16)} are outside of its ${size} bytes`,
    );
  }
}
