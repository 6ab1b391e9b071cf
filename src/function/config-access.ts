/** What all configuration accesses have in common: the check of width, alignment and range, and the read of nothing. */
import { Header } from '../pci/header.js';
import { ConfigAccessError } from './errors.js';
import type { ConfigSpace, ConfigWidth } from './function.js';

/** All ones of a width, as an access reads that nobody answers. */
export function allOnes(width: ConfigWidth): number {
  return 0xffff_ffff >>> (32 - width * 8);
}

/** Whether anybody answers: by class and revision, because a virtual function has no vendor in its registers. */
export function isAnswered(config: ConfigSpace): boolean {
  return config.read(Header.revision, 4) !== allOnes(4);
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

/**
 * Configuration space that refuses by itself what is no access: what `access` carries out is aligned and inside, of a
 * function that is open, and a written value has no more bits than the access.
 */
export function checkedConfig(
  size: number,
  isOpen: () => boolean,
  access: Pick<ConfigSpace, 'read' | 'write'>,
): ConfigSpace {
  const check = (operation: 'read' | 'write', offset: number, width: ConfigWidth) => {
    checkConfigAccess(operation, offset, width, size);
    if (isOpen()) return;
    throw new ConfigAccessError('CONFIG_REFUSED', { operation, offset, width }, 'the function was closed');
  };
  return {
    size,
    read: (offset, width) => {
      check('read', offset, width);
      return access.read(offset, width);
    },
    write: (offset, width, value) => {
      check('write', offset, width);
      access.write(offset, width, (value & allOnes(width)) >>> 0);
    },
  };
}
