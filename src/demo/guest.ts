/**
 * The guest of the demonstration: an ordinary guest program. It waits for a function on its bus, drives it as a driver
 * would, and writes each thing that it found into its own XenStore directory, where the other side reads and checks it.
 */
import type { Guest } from 'openslot/guest';
import { changeCommand, type Dma, type PciFunction, type Region } from 'openslot/function';
import { CommandBit, Header } from 'openslot/pci';

/** Registers of edu's BAR 0. */
const IDENTIFICATION = 0x00;
const FACTORIAL = 0x08;
const STATUS = 0x20;
const COMPUTING = 0x01;
const INTERRUPT_WHEN_DONE = 0x80;
const INTERRUPT_STATUS = 0x24;
const INTERRUPT_ACKNOWLEDGE = 0x64;
const DMA_SOURCE = 0x80;
const DMA_DESTINATION = 0x88;
const DMA_COUNT = 0x90;
const DMA_COMMAND = 0x98;
const DMA_RUN = 0x1;
const DMA_TO_MEMORY = 0x2;
/** edu's own memory, as its DMA engine addresses it. */
const DEVICE_BUFFER = 0x40000;

const EDU = '1234:11e8';

export default async function demo(guest: Guest): Promise<void> {
  const { xpci, store } = guest;
  for await (const change of xpci.changes()) {
    if (change.change === 'attached') {
      using fn = xpci.open(change.address);
      await drive(fn, guest);
    } else if (change.change === 'detached') {
      await store.write('data/detached', `${String(change.address)}, ${xpci.list().length} left`);
    }
  }
}

async function drive(fn: PciFunction, { store, platform }: Guest): Promise<void> {
  const tell = (what: string, value: string) => store.write(`data/${what}`, value);
  const id = (offset: number) => hex(fn.config.read(offset, 2)).padStart(4, '0');
  const ids = `${id(Header.vendor)}:${id(Header.device)}`;
  await tell('bus', `${String(fn.address)} ${ids}`);
  if (ids !== EDU) {
    console.log(`${String(fn.address)} is ${ids}: no device of this driver, left alone`);
    return;
  }
  fn.setEnabled(true);
  // A message signalled interrupt is a write by the device, and so is DMA.
  changeCommand(fn.config, CommandBit.busMaster);
  using registers = fn.openRegion(0);
  await tell('identification', hex(registers.read32(IDENTIFICATION)));
  await tell('factorial', String(factorial(registers, 10)));
  await tell('interrupt', await factorialByInterrupt(fn, registers, 5));
  await tell('dma', await dmaRoundTrip(fn, registers));
  await tell('policy', tryToMoveBar(fn));
  const kibibytes = BigInt((await store.read('memory/static-max')) ?? 0);
  await tell('outside', await dmaOutside(registers, platform.dma, kibibytes * 1024n));
  await tell('done', 'yes');
}

const hex = (value: number) => value.toString(16);

/** A program that polls makes progress: each access takes a little of the machine's time. */
function factorial(registers: Region, n: number): number {
  registers.write32(FACTORIAL, n);
  while ((registers.read32(STATUS) & COMPUTING) !== 0);
  return registers.read32(FACTORIAL);
}

async function factorialByInterrupt(fn: PciFunction, registers: Region, n: number): Promise<string> {
  if (fn.interrupts === undefined) return 'there are no interrupts';
  using interrupts = fn.interrupts.open({ kind: 'msi', vector: 0 });
  registers.write32(STATUS, INTERRUPT_WHEN_DONE);
  registers.write32(FACTORIAL, n);
  for await (const { count } of interrupts) {
    registers.write32(INTERRUPT_ACKNOWLEDGE, registers.read32(INTERRUPT_STATUS));
    registers.write32(STATUS, 0);
    return `${registers.read32(FACTORIAL)} after ${count} interrupt`;
  }
  return 'no interrupt came';
}

async function transfer(
  registers: Region,
  from: bigint,
  to: bigint,
  bytes: number,
  command: number,
): Promise<void> {
  registers.write64(DMA_SOURCE, from);
  registers.write64(DMA_DESTINATION, to);
  registers.write64(DMA_COUNT, BigInt(bytes));
  registers.write32(DMA_COMMAND, command | DMA_RUN);
  // The transfer takes a tenth of a second of the machine's time; a driver with nothing else to do sleeps.
  while ((registers.read32(DMA_COMMAND) & DMA_RUN) !== 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

/** From this guest's memory into the device and back, to another place. */
async function dmaRoundTrip(fn: PciFunction, registers: Region): Promise<string> {
  if (fn.dma === undefined) return 'there is no DMA';
  using there = await fn.dma.allocate(4096);
  using back = await fn.dma.allocate(4096);
  const text = 'what a guest wrote';
  there.bytes.set(new TextEncoder().encode(text));
  await transfer(registers, there.iova, BigInt(DEVICE_BUFFER), text.length, 0);
  await transfer(registers, BigInt(DEVICE_BUFFER), back.iova, text.length, DMA_TO_MEMORY);
  return Buffer.from(back.bytes.subarray(0, text.length)).toString();
}

/** What a hostile driver might try: put the BAR where another device's is. */
function tryToMoveBar(fn: PciFunction): string {
  const before = fn.config.read(Header.firstBar, 4);
  fn.config.write(Header.firstBar, 4, 0xfee0_0000);
  const after = fn.config.read(Header.firstBar, 4);
  // A vendor's register that no rule of the policy names.
  fn.config.write(0x40, 4, 0xffff_ffff);
  return after === before ? 'the BAR stayed' : `the BAR is at ${hex(after)}`;
}

/** Behind the last byte of this guest's own memory, whatever page of it we got. */
async function dmaOutside(registers: Region, dma: Dma, memory: bigint): Promise<string> {
  using page = await dma.allocate(4096);
  const outside = page.iova + memory;
  await transfer(registers, BigInt(DEVICE_BUFFER), outside, 16, DMA_TO_MEMORY);
  return `0x${outside.toString(16)}`;
}
