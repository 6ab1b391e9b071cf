/** A program that wants so many bytes for DMA of the function that it is told; it says what it got, or the refusal. */
import { argv } from 'node:process';
import { LinuxMachine } from '../../../src/machines/linux/index.js';
import { notations, OpenslotError } from '../../../src/pci/index.js';

const [address = '', bytes = ''] = argv.slice(2);
try {
  using fn = new LinuxMachine().open(notations.hex.parse(address));
  using bar = fn.openRegion(0);
  const { dma } = fn;
  if (dma === undefined) throw new Error('no DMA');
  using buffer = await dma.allocate(Number(bytes));
  buffer.bytes.fill(0x5a);
  console.log(`allocated ${buffer.bytes.length}, edu 0x${bar.read32(0).toString(16)}`);
} catch (error) {
  if (!(error instanceof OpenslotError)) throw error;
  console.log(`${error.code} ${error.message}`);
}
