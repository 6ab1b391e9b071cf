/** The bench's device: a register to read, an interrupt on request whose moment it remembers, and DMA without a delay. */
import type { DeviceKind, DeviceModel, FunctionShape, ModelBus } from '../../src/machines/sim/index.js';
import type { Iova } from '../../src/function/index.js';

/** Registers of BAR 0. */
export const Bell = {
  /** 32 bits that keep what is written. */
  scratch: 0x00,
  /** 64 bits: nanoseconds of the process's monotonic clock at the last interrupt. */
  rungAt: 0x08,
  /** Rings: with 0 within the access, with 1 in a later turn of the machine's loop, else after so many milliseconds. */
  ring: 0x10,
  /** 64 bits: writes a block of {@link BLOCK_BYTES} there, at once. */
  block: 0x18,
} as const;

export const BLOCK_BYTES = 64;

const SHAPE: FunctionShape = {
  vendor: 0x1b36,
  device: 0xbe11,
  classCode: 0xff0000,
  revision: 1,
  regions: [{ index: 0, kind: 'memory', size: 4096 }],
  msi: { vectors: 1 },
  express: { flr: true },
};

export const bell: DeviceKind = {
  name: 'bell',
  summary: 'interrupts and DMA on request, for measuring',
  options: () => undefined,
  functions: () => [{ function: 0, shape: SHAPE }],
  create: (_options, _fn, bus) => new BellModel(bus),
};

/** Rings by Node's timers, not by the machine's clock: what is measured is the way of an interrupt, not that of an event. */
class BellModel implements DeviceModel {
  readonly #bus: ModelBus;
  readonly #block = new Uint8Array(BLOCK_BYTES).fill(0xbe);
  #scratch = 0;
  #rungAt = 0n;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(bus: ModelBus) {
    this.#bus = bus;
  }

  read(_region: number, offset: number): number {
    return offset === Bell.scratch ? this.#scratch : 0;
  }

  read64(_region: number, offset: number): bigint {
    return offset === Bell.rungAt ? this.#rungAt : 0n;
  }

  write(_region: number, offset: number, _width: 1 | 2 | 4, value: number): void {
    if (offset === Bell.scratch) this.#scratch = value;
    if (offset !== Bell.ring) return;
    if (value === 0) this.#ring();
    else if (value === 1) this.#immediate = setImmediate(this.#ring);
    else this.#timer = setTimeout(this.#ring, value);
  }

  write64(_region: number, offset: number, value: bigint): void {
    if (offset === Bell.block) this.#bus.dmaWrite(value as Iova, this.#block);
  }

  reset(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#scratch = 0;
  }

  readonly #ring = (): void => {
    this.#rungAt = process.hrtime.bigint();
    this.#bus.message(0);
  };
}
