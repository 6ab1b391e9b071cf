/**
 * A small NVMe driver: identifies the controller, runs admin commands, makes one pair of I/O queues, and moves blocks.
 * `node dist/examples/nvme-driver.js` writes to a simulated disk and reads back; with `MACHINE ADDRESS IMAGE` it compares
 * the disk with the image, and writes nothing. `NvmeDriver` takes the function of any machine.
 * What the numbers mean: NVM Express 1.4, chapters 3 (registers), 4 (queues), 5 (admin) and 6 (blocks).
 */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  changeCommand,
  type Dma,
  type DmaBuffer,
  type Interrupt,
  type Interrupts,
  type PciFunction,
  type Region,
} from 'openslot/function';
import { CommandBit } from 'openslot/pci';
import { runExample } from './parts/subject.js';

const CAP = 0x00;
const CC = 0x14;
const CSTS = 0x1c;
const AQA = 0x24;
const ASQ = 0x28;
const ACQ = 0x30;
const DOORBELLS = 0x1000;

const PAGE = 4096;
const MEBIBYTE = 2 ** 20;
const ENTRIES = 16;
/** Enabled, I/O queue entries of 2^6 and 2^4 bytes. */
const ENABLE = 0x0046_0001;
/** A queue in one piece; a completion queue with interrupts. */
const CONTIGUOUS = 1;
const INTERRUPTS = 2;

/** The parts of a command that this driver uses; dwords are counted from the start of its 64 bytes. */
interface Command {
  readonly opcode: number;
  readonly namespace?: number;
  readonly data?: bigint;
  readonly secondPage?: bigint;
  readonly dword10?: number;
  readonly dword11?: number;
  readonly dword12?: number;
}

/** A part of memory as the numbers in it; a buffer may stand anywhere in a larger one. */
function viewOf({ bytes }: DmaBuffer, offset: number, length: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + offset, length);
}

/** Two rings in shared memory: commands to the device, completions back, with a vector that tells of them. */
class QueuePair implements Disposable {
  readonly submission: DmaBuffer;
  readonly completion: DmaBuffer;
  readonly #id: number;
  readonly #region: Region;
  readonly #arrivals: AsyncIterator<Interrupt>;
  readonly #stream: Disposable;
  #tail = 0;
  #head = 0;
  #phase = 1;

  private constructor(
    id: number,
    region: Region,
    interrupts: Interrupts,
    submission: DmaBuffer,
    completion: DmaBuffer,
  ) {
    this.#id = id;
    this.#region = region;
    this.submission = submission;
    this.completion = completion;
    const stream = interrupts.open({ kind: 'msix', vector: id });
    this.#stream = stream;
    this.#arrivals = stream[Symbol.asyncIterator]();
  }

  static async allocate(id: number, region: Region, interrupts: Interrupts, dma: Dma): Promise<QueuePair> {
    return new QueuePair(id, region, interrupts, await dma.allocate(PAGE), await dma.allocate(PAGE));
  }

  /** One command at a time. @returns the first dword of its completion. */
  async run(command: Command): Promise<number> {
    const entry = viewOf(this.submission, this.#tail * 64, 64);
    for (let offset = 0; offset < 64; offset += 4) entry.setUint32(offset, 0, true);
    entry.setUint32(0, command.opcode | (this.#tail << 16), true);
    entry.setUint32(4, command.namespace ?? 0, true);
    entry.setBigUint64(24, command.data ?? 0n, true);
    entry.setBigUint64(32, command.secondPage ?? 0n, true);
    entry.setUint32(40, command.dword10 ?? 0, true);
    entry.setUint32(44, command.dword11 ?? 0, true);
    entry.setUint32(48, command.dword12 ?? 0, true);
    this.#tail = (this.#tail + 1) % ENTRIES;
    this.#region.write32(DOORBELLS + this.#id * 8, this.#tail);

    const answer = viewOf(this.completion, this.#head * 16, 16);
    // The phase bit turns with each round of the ring: it tells a new completion from an old one.
    while ((answer.getUint16(14, true) & 1) !== this.#phase) await this.#arrivals.next();
    const status = answer.getUint16(14, true) >>> 1;
    const result = answer.getUint32(0, true);
    this.#head = (this.#head + 1) % ENTRIES;
    if (this.#head === 0) this.#phase ^= 1;
    this.#region.write32(DOORBELLS + this.#id * 8 + 4, this.#head);
    if (status !== 0)
      throw new Error(`command ${command.opcode} failed with status 0x${status.toString(16)}`);
    return result;
  }

  [Symbol.dispose](): void {
    this.#stream[Symbol.dispose]();
    this.submission[Symbol.dispose]();
    this.completion[Symbol.dispose]();
  }
}

export class NvmeDriver implements Disposable {
  readonly #region: Region;
  readonly #interrupts: Interrupts;
  readonly #dma: Dma;
  #admin: QueuePair | undefined;
  #io: QueuePair | undefined;

  private constructor(fn: PciFunction) {
    if (fn.interrupts === undefined || fn.dma === undefined) throw new Error('NVMe needs interrupts and DMA');
    this.#interrupts = fn.interrupts;
    this.#dma = fn.dma;
    fn.setEnabled(true);
    // Bus mastering, in Command.
    changeCommand(fn.config, CommandBit.busMaster);
    this.#region = fn.openRegion(0);
  }

  /** Takes the controller from reset to one pair of I/O queues. */
  static async start(fn: PciFunction): Promise<NvmeDriver> {
    const driver = new NvmeDriver(fn);
    await driver.#enable();
    await driver.#createQueues();
    return driver;
  }

  /** Serial number, model, and the size of namespace 1. */
  async identify(): Promise<{ serial: string; model: string; blocks: bigint; blockBytes: number }> {
    using page = await this.#dma.allocate(PAGE);
    const { bytes } = page;
    const view = viewOf(page, 0, PAGE);
    const text = (offset: number, length: number) =>
      String.fromCharCode(...bytes.slice(offset, offset + length)).trimEnd();
    await this.#adminQueue.run({ opcode: 0x06, data: page.iova, dword10: 1 });
    const serial = text(4, 20);
    const model = text(24, 40);
    await this.#adminQueue.run({ opcode: 0x06, namespace: 1, data: page.iova, dword10: 0 });
    const format = bytes[26] ?? 0;
    const blockBytes = 2 ** (view.getUint32(128 + (format & 15) * 4, true) >>> 16);
    return { serial, model, blocks: view.getBigUint64(0, true), blockBytes };
  }

  /** `data` is memory of at most two pages that the device reaches, and whole blocks of it are moved. */
  async move(direction: 'write' | 'read', block: number, blocks: number, data: DmaBuffer): Promise<void> {
    assert.ok(this.#io !== undefined);
    await this.#io.run({
      opcode: direction === 'write' ? 0x01 : 0x02,
      namespace: 1,
      data: data.iova,
      secondPage: data.iova + BigInt(PAGE),
      dword10: block,
      dword12: blocks - 1,
    });
  }

  /** The controller stops before its memory goes. */
  [Symbol.dispose](): void {
    this.#region.write32(CC, 0);
    this.#io?.[Symbol.dispose]();
    this.#admin?.[Symbol.dispose]();
    this.#region.close();
  }

  get #adminQueue(): QueuePair {
    assert.ok(this.#admin !== undefined);
    return this.#admin;
  }

  async #enable(): Promise<void> {
    this.#region.write32(CC, 0);
    await this.#untilReady(0);
    this.#admin = await QueuePair.allocate(0, this.#region, this.#interrupts, this.#dma);
    this.#region.write32(AQA, ((ENTRIES - 1) << 16) | (ENTRIES - 1));
    this.#region.write64(ASQ, this.#admin.submission.iova);
    this.#region.write64(ACQ, this.#admin.completion.iova);
    this.#region.write32(CC, ENABLE);
    await this.#untilReady(1);
  }

  async #untilReady(ready: 0 | 1): Promise<void> {
    const milliseconds = (this.#region.read32(CAP) >>> 24) * 500;
    for (let waited = 0; (this.#region.read32(CSTS) & 1) !== ready; waited++) {
      if (waited > milliseconds) throw new Error('the controller does not get ready');
      await sleep(1);
    }
  }

  async #createQueues(): Promise<void> {
    this.#io = await QueuePair.allocate(1, this.#region, this.#interrupts, this.#dma);
    const dword10 = ((ENTRIES - 1) << 16) | 1;
    const { submission, completion } = this.#io;
    // Vector 1 for the completions; the submissions complete in queue 1.
    const completions = { data: completion.iova, dword11: (1 << 16) | INTERRUPTS | CONTIGUOUS };
    await this.#adminQueue.run({ opcode: 0x05, dword10, ...completions });
    const submissions = { data: submission.iova, dword11: (1 << 16) | CONTIGUOUS };
    await this.#adminQueue.run({ opcode: 0x01, dword10, ...submissions });
  }
}

/** Vector 0 tells of each: none is asked for before the one before has answered. */
async function runAdminCommands(driver: NvmeDriver, count: number): Promise<void> {
  for (let command = 0; command < count; command++) await driver.identify();
  console.log(`${2 * count} admin commands, each told by an interrupt`);
}

/** Writes to the disk what it then reads back; the blocks are overwritten. */
async function writeAndRead(driver: NvmeDriver, buffer: DmaBuffer, blockBytes: number): Promise<void> {
  const bytes = buffer.bytes;
  const count = bytes.length / blockBytes;
  const content = (round: number) =>
    Uint8Array.from(bytes, (_, index) => (index * 7 + (index >> 8) + round) & 0xff);
  const rounds = 20;
  for (let round = 0; round < rounds; round++) {
    bytes.set(content(round));
    await driver.move('write', round * count, count, buffer);
  }
  for (let round = 0; round < rounds; round++) {
    bytes.fill(0);
    await driver.move('read', round * count, count, buffer);
    assert.deepEqual(bytes.slice(), content(round), `blocks from ${round * count} on`);
  }
  console.log(`${rounds * count} blocks written, read back and equal`);
}

/** Reads what the image holds, up to a mebibyte of it; nothing is written. */
async function compareWith(
  image: Uint8Array,
  driver: NvmeDriver,
  buffer: DmaBuffer,
  blockBytes: number,
): Promise<void> {
  const bytes = buffer.bytes;
  const end = Math.min(image.length, MEBIBYTE);
  for (let place = 0; place + bytes.length <= end; place += bytes.length) {
    bytes.fill(0);
    await driver.move('read', place / blockBytes, bytes.length / blockBytes, buffer);
    assert.ok(
      Buffer.from(bytes).equals(image.subarray(place, place + bytes.length)),
      `bytes from ${place} on`,
    );
  }
  console.log(
    `${Math.floor(end / bytes.length) * (bytes.length / blockBytes)} blocks read and equal to the image`,
  );
}

/** With `image`, what the disk holds; otherwise the disk is written to, if `writable` says that nobody needs it. */
export async function tryNvme(
  fn: PciFunction,
  { image, writable }: { readonly image?: Uint8Array; readonly writable: boolean },
): Promise<void> {
  using driver = await NvmeDriver.start(fn);
  const { model, serial, blocks, blockBytes } = await driver.identify();
  console.log(`${fn.address}: ${model}, serial ${serial}`);
  console.log(`namespace 1: ${blocks} blocks of ${blockBytes} bytes`);
  await runAdminCommands(driver, 50);
  using buffer = await fn.dma?.allocate(2 * PAGE);
  assert.ok(buffer !== undefined);
  if (image !== undefined) await compareWith(image, driver, buffer, blockBytes);
  else if (writable) await writeAndRead(driver, buffer, blockBytes);
}

await runExample(
  import.meta.url,
  {
    is: ({ classCode }) => classCode === 0x010802,
    simulated: `
      roots:
        - bus: 0
          slots:
            - slot: "01"
              bridge: {}
              bus:
                - {slot: "00", model: nvme, options: {size: 4194304, serial: EXAMPLE-1}}`,
  },
  (fn, { ours, file }) =>
    tryNvme(fn, { writable: ours, ...(file === undefined ? {} : { image: readFileSync(file) }) }),
);
