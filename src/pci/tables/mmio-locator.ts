/** Register table of the MMIO register block locator: which BAR holds which block of standard registers. */
import { bits, extendedCapability, hex, number, placed, register, values, whole } from '../fields.js';
import type { RegisterReader, RegisterTable } from '../registers.js';

const FIRST = 0x08;
const STRIDE = 8;
/** As many as a length of 12 bits can tell. */
const MOST = (0xfff - FIRST) >> 3;

function locatorAt(at: number): (bytes: RegisterReader, index: number) => number | undefined {
  return (bytes, index) => {
    const length = bytes.read(0x04, 4) & 0xfff;
    return FIRST + (index + 1) * STRIDE <= length ? FIRST + index * STRIDE + at : undefined;
  };
}

export const mmioLocator: RegisterTable = {
  name: 'mmio_locator',
  title: 'MMIO Register Block Locator',
  source: 'PCI Express Base 6.2, 7.9.30',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'MRBL capabilities', [
      bits(11, 0, 'length', 'MRBL structure length', 'ro', number('bytes')),
    ]),
    placed(
      register(FIRST, 4, 'locator', 'MRBL locator', [
        bits(2, 0, 'bar', 'BAR of the block'),
        bits(15, 8, 'id', 'Block', 'ro', values({ 0: 'empty', 1: 'MCAP', 0xff: 'MDVS' })),
        bits(31, 16, 'offset', 'Offset of the block, bits 31:16', 'ro', hex(16)),
      ]),
      MOST,
      STRIDE,
      locatorAt(0),
    ),
    placed(
      whole(FIRST + 4, 4, 'offset_upper', 'Offset of the block, bits 63:32'),
      MOST,
      STRIDE,
      locatorAt(4),
    ),
  ],
};
