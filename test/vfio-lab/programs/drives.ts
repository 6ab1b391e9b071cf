/** A program that drives the function it is told until somebody ends it: memory mapped, interrupts and bus mastering on. */
import { argv } from 'node:process';
import { changeCommand } from '../../../src/function/index.js';
import { LinuxMachine } from '../../../src/machines/linux/index.js';
import { CommandBit, notations } from '../../../src/pci/index.js';

const fn = new LinuxMachine().open(notations.hex.parse(argv[2] ?? ''));
fn.setEnabled(true);
changeCommand(fn.config, CommandBit.busMaster);
const bar = fn.openRegion(0);
const { interrupts, dma } = fn;
const kind =
  interrupts?.available.msi === 0 ? ({ kind: 'intx' } as const) : ({ kind: 'msi', vector: 0 } as const);
const stream = interrupts?.open(kind);
const buffer = await dma?.allocate(1 << 20);
// The device copies into our memory again and again.
setInterval(() => {
  if (buffer === undefined || (bar.read32(0x98) & 1) !== 0) return;
  bar.write64(0x80, 0x4_0000n);
  bar.write64(0x88, buffer.iova);
  bar.write64(0x90, 4096n);
  bar.write64(0x98, 7n);
}, 10);
console.log('driving');
if (stream !== undefined) for await (const _ of stream) bar.write32(0x64, 0xffff_ffff);
