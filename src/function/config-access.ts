/** What all configuration accesses have in common: the check of width, alignment and range, and the read of nothing. */
import { ConfigAccessError } from './errors.js';
import type { ConfigWidth } from './function.js';

/** All ones of a width, as an access reads that nobody answers. */
export function allOnes(width: ConfigWidth): number {
  return 0xffff_ffff >>> (32 - width * 8);
}

/** @throws {ConfigAccessError} unless the access is aligned to its width and inside `size` bytes. */
export function checkConfigAccess(
  operation: 'read' | 'write',
  offset: number,
  width: ConfigWidth,
  size: number,
): void {
  if (width !== 1 && width !== 2 && width !== 4) {
    throw new ConfigAccessError(
      'CONFIG_UNALIGNED',
      { operation, offset, width },
      'the width must be 1, 2 or 4 bytes',
    );
  }
  if ((offset & (width - 1)) !== 0) {
    throw new ConfigAccessError('CONFIG_UNALIGNED', { operation, offset, width }, 'not aligned to its width');
  }
  if (!Number.isInteger(offset) || offset < 0 || offset + width > size) {
    throw new ConfigAccessError(
      'CONFIG_OUT_OF_RANGE',
      { operation, offset, width },
      `the space has ${size} bytes`,
    );
  }
}
