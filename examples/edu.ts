/**
 * A driver for QEMU's educational device: a factorial with an interrupt, and DMA both ways. Every value is checked.
 * `node dist/examples/edu.js [MACHINE [ADDRESS]]`; `driveEdu` takes the function of any machine.
 */
import { strict as assert } from 'node:assert';
import { changeCommand, type PciFunction } from 'openslot/function';
import { CommandBit } from 'openslot/pci';
import { runExample } from './parts/subject.js';

/** Registers of BAR 0, and where the DMA engine sees the buffer of the device. */
const IDENTIFICATION = 0x00;
const LIVENESS = 0x04;
const FACTORIAL = 0x08;
const STATUS = 0x20;
const INTERRUPT_STATUS = 0x24;
const INTERRUPT_ACKNOWLEDGE = 0x64;
const DMA_SOURCE = 0x80;
const DMA_DESTINATION = 0x88;
const DMA_COUNT = 0x90;
const DMA_COMMAND = 0x98;
const BUFFER = 0x4_0000n;

const INTERRUPT_WHEN_COMPUTED = 0x80;
const RUN = 1n;
const TO_MEMORY = 2n;
const INTERRUPT_WHEN_DONE = 4n;

export async function driveEdu(fn: PciFunction): Promise<void> {
  const { interrupts, dma } = fn;
  if (interrupts === undefined || dma === undefined) throw new Error('edu needs interrupts and DMA');
  fn.setEnabled(true);
  changeCommand(fn.config, CommandBit.busMaster);
  using region = fn.openRegion(0);
  using messages = interrupts.open({ kind: 'msi', vector: 0 });
  const arrivals = messages[Symbol.asyncIterator]();

  /** Waits for the device and acknowledges what it says. */
  const interrupted = async (expected: number) => {
    await arrivals.next();
    const status = region.read32(INTERRUPT_STATUS);
    assert.equal(status, expected, 'interrupt status');
    region.write32(INTERRUPT_ACKNOWLEDGE, status);
  };

  const identification = region.read32(IDENTIFICATION);
  assert.equal(identification & 0xffff, 0x00ed, 'this is no edu');
  region.write32(LIVENESS, 0x1234_5678);
  assert.equal(region.read32(LIVENESS), 0xedcb_a987);
  console.log(`edu ${identification >>> 24}.${(identification >>> 16) & 0xff} at ${fn.address} is alive`);

  region.write32(STATUS, INTERRUPT_WHEN_COMPUTED);
  region.write32(FACTORIAL, 10);
  await interrupted(0x001);
  assert.equal(region.read32(FACTORIAL), 3_628_800);
  console.log('10! = 3628800, computed by the device, told by an interrupt');

  using memory = await dma.allocate(4096);
  const bytes = memory.bytes;
  const transfer = async (source: bigint, destination: bigint, count: bigint, direction: bigint) => {
    region.write64(DMA_SOURCE, source);
    region.write64(DMA_DESTINATION, destination);
    region.write64(DMA_COUNT, count);
    region.write64(DMA_COMMAND, RUN | direction | INTERRUPT_WHEN_DONE);
    await interrupted(0x100);
  };
  const text = new TextEncoder().encode('through the device and back');
  bytes.set(text);
  await transfer(memory.iova, BUFFER, BigInt(text.length), 0n);
  bytes.fill(0);
  await transfer(BUFFER, memory.iova + 2048n, BigInt(text.length), TO_MEMORY);
  const back = bytes.slice(2048, 2048 + text.length);
  assert.deepEqual(back, text);
  assert.ok(bytes.subarray(0, 2048).every((byte) => byte === 0));
  console.log(`DMA both ways: "${new TextDecoder().decode(back)}"`);
}

await runExample(
  import.meta.url,
  {
    is: ({ vendor, device }) => vendor === 0x1234 && device === 0x11e8,
    simulated: 'roots: [{bus: 0, slots: [{slot: "01", model: edu}]}]',
  },
  driveEdu,
);
