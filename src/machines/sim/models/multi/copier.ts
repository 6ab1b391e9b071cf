/** Function 3 of `multi`: copies host memory to host memory, with INTC and a vector of MSI-X for each end. */
import type { Iova } from '../../../../function/index.js';
import { fields, type RegisterTable } from '../../../../pci/index.js';
import type { DeviceModel, FunctionShape, ModelBus, Timer } from '../../device-model.js';
import { MODEL_VENDOR, MULTI } from '../ids.js';
import { fromLanes } from '../lanes.js';

const { flag, number, register, whole } = fields;

const SOURCE = 0x00;
const DESTINATION = 0x08;
const BYTES = 0x10;
const CONTROL = 0x14;
const STATUS = 0x18;

const RUN = 1;
const INTERRUPT = 2;
const DONE = 1;
const FAULT = 2;
const DONE_VECTOR = 0;
const FAULT_VECTOR = 1;

/** What one step moves; between two steps, time passes and others have their turn. */
const STEP_BYTES = 4096;
const STEP_NANOSECONDS = 4_000;

export const copierRegisters: RegisterTable = {
  name: 'copier',
  title: 'Copy engine of the multi-function device',
  source: 'this file',
  registers: [
    whole(SOURCE, 8, 'source', 'Address to read from', 'rw'),
    whole(DESTINATION, 8, 'destination', 'Address to write to', 'rw'),
    whole(BYTES, 4, 'bytes', 'Left to copy', 'rw', number('bytes')),
    register(CONTROL, 4, 'control', 'Control', [
      flag(0, 'run', 'Start with a written 1, stop with a 0; reads 1 while it runs', 'rw'),
      flag(1, 'interrupt', 'Interrupt when it ends', 'rw'),
    ]),
    register(STATUS, 4, 'status', 'Status', [
      flag(0, 'done', 'All is copied', 'w1c'),
      flag(1, 'fault', 'Memory could not be reached', 'w1c'),
    ]),
  ],
};

export const COPIER: FunctionShape = {
  vendor: MODEL_VENDOR,
  device: MULTI + 3,
  subsystemVendor: MODEL_VENDOR,
  subsystemDevice: MULTI,
  // System peripheral, DMA controller, generic.
  classCode: 0x080100,
  revision: 1,
  regions: [{ index: 0, kind: 'memory', size: 0x4000 }],
  pin: 3,
  msix: { vectors: 2, region: 0, table: 0x2000, pending: 0x3000 },
  express: { flr: true },
};

/** Registers are written with 4 bytes; narrower writes do nothing. While it runs, only control and status can be. */
export class Copier implements DeviceModel {
  readonly #bus: ModelBus;
  readonly #step = new Uint8Array(STEP_BYTES);
  readonly #addresses = new DataView(new ArrayBuffer(16));
  #timer: Timer | undefined;
  #bytes = 0;
  #control = 0;
  #status = 0;

  constructor(bus: ModelBus) {
    this.#bus = bus;
  }

  read(_region: number, offset: number, width: 1 | 2 | 4): number {
    return fromLanes(offset, width, this.#register(offset & ~3));
  }

  write(_region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    if (width !== 4) return;
    const runs = (this.#control & RUN) !== 0;
    if (offset < BYTES) {
      if (!runs) this.#addresses.setUint32(offset, value, true);
    } else if (offset === BYTES) {
      if (!runs) this.#bytes = value;
    } else if (offset === CONTROL) {
      this.#control = value & (RUN | INTERRUPT);
      this.#timer?.cancel();
      if ((value & RUN) !== 0) this.#next();
    } else if (offset === STATUS) {
      this.#status &= ~value;
    }
    this.#updatePin();
  }

  reset(): void {
    for (const offset of [SOURCE, DESTINATION]) this.#addresses.setBigUint64(offset, 0n, true);
    this.#bytes = this.#control = this.#status = 0;
  }

  #register(offset: number): number {
    if (offset < BYTES) return this.#addresses.getUint32(offset, true);
    switch (offset) {
      case BYTES:
        return this.#bytes;
      case CONTROL:
        return this.#control;
      case STATUS:
        return this.#status;
      default:
        return 0;
    }
  }

  #next(): void {
    this.#timer = this.#bus.after(STEP_NANOSECONDS, () => {
      this.#copyStep();
    });
  }

  #copyStep(): void {
    const part = this.#step.subarray(0, Math.min(this.#bytes, STEP_BYTES));
    const reached =
      part.length === 0 ||
      (this.#bus.dmaRead(this.#address(SOURCE), part) === 'done' &&
        this.#bus.dmaWrite(this.#address(DESTINATION), part) === 'done');
    if (!reached) {
      this.#end(FAULT, FAULT_VECTOR);
      return;
    }
    this.#bytes -= part.length;
    for (const offset of [SOURCE, DESTINATION]) {
      this.#addresses.setBigUint64(offset, this.#address(offset) + BigInt(part.length), true);
    }
    if (this.#bytes === 0) this.#end(DONE, DONE_VECTOR);
    else this.#next();
  }

  /** The addresses and the count say how far it came. */
  #end(status: number, vector: number): void {
    this.#control &= ~RUN;
    this.#status |= status;
    this.#updatePin();
    if ((this.#control & INTERRUPT) !== 0) this.#bus.message(vector);
  }

  #address(offset: number): Iova {
    return this.#addresses.getBigUint64(offset, true) as Iova;
  }

  #updatePin(): void {
    this.#bus.setPin(this.#status !== 0 && (this.#control & INTERRUPT) !== 0);
  }
}
