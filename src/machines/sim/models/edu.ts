/** `edu`: QEMU's educational device, register for register: liveness, factorial, interrupts, a DMA engine. */
import type { Iova } from '../../../function/index.js';
import type { DeviceKind, DeviceModel, FunctionShape, ModelBus } from '../device-model.js';
import { OptionReader } from './options.js';

const IDENTIFICATION = 0x0100_00ed;
const COMPUTING = 0x01;
const INTERRUPT_WHEN_COMPUTED = 0x80;
const FACTORIAL_INTERRUPT = 0x001;
const DMA_INTERRUPT = 0x100;
const RUN = 1;
const TO_MEMORY = 2;
const INTERRUPT_WHEN_DONE = 4;

/** The registers that take 8 bytes as well as 4. */
const SOURCE = 0x80;
const DESTINATION = 0x88;
const COUNT = 0x90;
const COMMAND = 0x98;
const WIDE_END = 0xa0;
const ALL_ONES = 0xffff_ffff;
const ALL_ONES_64 = 0xffff_ffff_ffff_ffffn;

/** Where the DMA registers see the device's buffer. The BAR does not show it: a CPU reads all ones there. */
const BUFFER_START = 0x4_0000n;
const BUFFER_BYTES = 4096;

const DMA_NANOSECONDS = 100_000_000;
/** QEMU's thread multiplies once for each number from n down; it is given about one multiplication a nanosecond. */
const FACTORIAL_NANOSECONDS = 1_000;

/** `options` of a description, as `edu` understands them. */
export interface EduOptions {
  /** Bits that the engine's address lines have; what lies above them in an address is cut off. */
  readonly dmaMask: bigint;
}

const SHAPE: FunctionShape = {
  vendor: 0x1234,
  device: 0x11e8,
  subsystemVendor: 0x1af4,
  subsystemDevice: 0x1100,
  classCode: 0x00ff00,
  revision: 0x10,
  regions: [{ index: 0, kind: 'memory', size: 1 << 20 }],
  pin: 1,
  msi: { vectors: 1 },
};

/** QEMU, docs/specs/edu.rst. */
export const edu: DeviceKind<EduOptions> = {
  name: 'edu',
  summary: "QEMU's educational device: factorial, INTx and MSI, DMA with a buffer of 4 KiB",
  // So that a program can show that it checks what it is given.
  faults: { factorial: 'every factorial is one too many' },
  options(given) {
    const read = new OptionReader('edu', given, ['dma_mask']);
    return { dmaMask: read.unsigned64('dma_mask', (1n << 28n) - 1n) };
  },
  functions: () => [{ function: 0, shape: SHAPE }],
  create: (options, _fn, bus) => new Edu(options, bus),
};

/** The factorial in 32 bits, as repeated multiplication wraps it. */
function factorial(n: number): number {
  // 34! has 32 factors of 2, so it and all that follow are 0 in 32 bits.
  if (n >= 34) return 0;
  let product = 1;
  for (let factor = n; factor > 1; factor--) product = Math.imul(product, factor);
  return product >>> 0;
}

function isWide(offset: number): boolean {
  return offset >= SOURCE && offset < WIDE_END && offset % 8 === 0;
}

class Edu implements DeviceModel {
  readonly #bus: ModelBus;
  readonly #dmaMask: bigint;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  /** The wide registers, from {@link SOURCE} on; of the command, only the low half is looked at. */
  readonly #wide = new DataView(new ArrayBuffer(WIDE_END - SOURCE));
  #liveness = 0;
  #factorial = 0;
  #status = 0;
  #interrupts = 0;

  constructor({ dmaMask }: EduOptions, bus: ModelBus) {
    this.#dmaMask = dmaMask;
    this.#bus = bus;
  }

  read(_region: number, offset: number, width: 1 | 2 | 4): number {
    // The bus of the device has no byte enables below a dword: such an access ends there.
    if (width !== 4) return 0;
    switch (offset) {
      case 0x00:
        return IDENTIFICATION;
      case 0x04:
        return this.#liveness;
      case 0x08:
        return this.#factorial;
      case 0x20:
        return this.#status;
      case 0x24:
        return this.#interrupts;
      default:
        // The low half of a wide register; high halves can be reached with 8 bytes only.
        return isWide(offset) ? this.#wide.getUint32(offset - SOURCE, true) : ALL_ONES;
    }
  }

  write(_region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    if (width !== 4) return;
    switch (offset) {
      case 0x04:
        this.#liveness = ~value >>> 0;
        break;
      case 0x08:
        this.#compute(value);
        break;
      case 0x20:
        this.#status = (this.#status & COMPUTING) | (value & INTERRUPT_WHEN_COMPUTED);
        break;
      case 0x60:
        this.#raise(value);
        break;
      case 0x64:
        this.#acknowledge(value);
        break;
      default:
        this.#writeWide(offset, value, 0);
    }
  }

  read64(_region: number, offset: number): bigint {
    return isWide(offset) ? this.#wide.getBigUint64(offset - SOURCE, true) : ALL_ONES_64;
  }

  write64(_region: number, offset: number, value: bigint): void {
    this.#writeWide(offset, Number(value & 0xffff_ffffn), Number(value >> 32n));
  }

  /** QEMU's device forgets nothing in a reset of its bus; this one is as after power on. */
  reset(): void {
    this.#buffer.fill(0);
    this.#liveness = this.#factorial = this.#status = this.#interrupts = 0;
    for (let offset = SOURCE; offset < WIDE_END; offset += 8) this.#setWide(offset, 0, 0);
  }

  get #command(): number {
    return this.#wide.getUint32(COMMAND - SOURCE, true);
  }

  /** 4 bytes clear the high half. While a transfer runs, nothing of it can be changed. */
  #writeWide(offset: number, low: number, high: number): void {
    if (!isWide(offset) || (this.#command & RUN) !== 0) return;
    if (offset === COMMAND) {
      if ((low & RUN) === 0) return;
      this.#bus.after(DMA_NANOSECONDS, () => {
        this.#transfer();
      });
    }
    this.#setWide(offset, low, high);
  }

  #setWide(offset: number, low: number, high: number): void {
    this.#wide.setUint32(offset - SOURCE, low, true);
    this.#wide.setUint32(offset - SOURCE + 4, high, true);
  }

  #compute(n: number): void {
    if ((this.#status & COMPUTING) !== 0) return;
    this.#factorial = n;
    this.#status |= COMPUTING;
    this.#bus.after(FACTORIAL_NANOSECONDS + n, () => {
      const wrong = this.#bus.hasFault('factorial') ? 1 : 0;
      this.#factorial = (factorial(n) + wrong) >>> 0;
      this.#status &= ~COMPUTING;
      if ((this.#status & INTERRUPT_WHEN_COMPUTED) !== 0) this.#raise(FACTORIAL_INTERRUPT);
    });
  }

  /** A message for each raise while a status bit is set, even one that was set before; the pin is a level. */
  #raise(status: number): void {
    this.#interrupts = (this.#interrupts | status) >>> 0;
    if (this.#interrupts === 0) return;
    if (this.#bus.messages === 'none') this.#bus.setPin(true);
    else this.#bus.message(0);
  }

  #acknowledge(status: number): void {
    this.#interrupts = (this.#interrupts & ~status) >>> 0;
    if (this.#interrupts === 0) this.#bus.setPin(false);
  }

  #transfer(): void {
    const command = this.#command;
    const toMemory = (command & TO_MEMORY) !== 0;
    const source = this.#wide.getBigUint64(0, true);
    const destination = this.#wide.getBigUint64(DESTINATION - SOURCE, true);
    const part = this.#bufferPart(toMemory ? source : destination);
    if (part !== undefined && part.length > 0) {
      // The addresses that follow the first one are not cut: a transfer may run past the mask.
      const iova = ((toMemory ? destination : source) & this.#dmaMask) as Iova;
      // A fault is the machine's to record; the device has no register for it.
      if (toMemory) this.#bus.dmaWrite(iova, part);
      else this.#bus.dmaRead(iova, part);
    }
    this.#wide.setUint32(COMMAND - SOURCE, command & ~RUN, true);
    if ((command & INTERRUPT_WHEN_DONE) !== 0) this.#raise(DMA_INTERRUPT);
  }

  /**
   * What the transfer concerns of the buffer. QEMU 7.2 ends its whole process when a transfer leaves the buffer; here
   * nothing is transferred, and the command ends as every other one.
   */
  #bufferPart(address: bigint): Uint8Array | undefined {
    const size = BigInt(BUFFER_BYTES);
    const start = address - BUFFER_START;
    const count = this.#wide.getBigUint64(COUNT - SOURCE, true);
    if (start < 0n || count > size || start + count > size) return undefined;
    return this.#buffer.subarray(Number(start), Number(start + count));
  }
}
