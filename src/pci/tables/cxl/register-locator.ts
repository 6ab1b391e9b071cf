/** Register table of the CXL register locator: which BAR holds which block of CXL's memory-mapped registers. */
import { bits, hex, placed, register, values, whole } from '../../fields.js';
import type { RegisterReader } from '../../registers.js';
import { designatedLength } from '../dvsec.js';
import { cxlTable } from './cxl-dvsec.js';

/** Offset of the first block's two registers, and bytes of each block. */
export const LocatorBlocks = { first: 0x0c, stride: 8 } as const;

/** As many as a length of 12 bits can tell. */
const MOST = (0xfff - LocatorBlocks.first) >> 3;

/** Blocks that lie whole in a DVSEC of that many bytes. */
export function locatorBlocks(length: number): number {
  return Math.max((length - LocatorBlocks.first) >> 3, 0);
}

function blockAt(at: number): (bytes: RegisterReader, index: number) => number | undefined {
  const { first, stride } = LocatorBlocks;
  return (bytes, index) =>
    index < locatorBlocks(designatedLength(bytes)) ? first + index * stride + at : undefined;
}

const BLOCKS = values({
  0: 'empty',
  1: 'component registers',
  2: 'BAR virtualization',
  3: 'device registers',
  4: 'CPMU registers',
  5: 'CHMU registers',
  0xff: 'vendor specific',
});

export const cxlLocator = cxlTable('cxl_locator', 'Register Locator DVSEC', '8.1.9', [
  placed(
    register(LocatorBlocks.first, 4, 'block', 'Register block, low half', [
      bits(2, 0, 'bar', 'BAR of the block'),
      bits(15, 8, 'id', 'Block', 'ro', BLOCKS),
      bits(31, 16, 'offset', 'Offset of the block, bits 31:16', 'ro', hex(16)),
    ]),
    MOST,
    LocatorBlocks.stride,
    blockAt(0),
  ),
  placed(
    whole(LocatorBlocks.first + 4, 4, 'block_upper', 'Offset of the block, bits 63:32'),
    MOST,
    LocatorBlocks.stride,
    blockAt(4),
  ),
]);
