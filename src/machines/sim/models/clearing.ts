/** `clearing`: registers that careless accesses damage: cleared by reading, by writing 1, and write-only. */
import type { DeviceKind, DeviceModel, FunctionShape, ModelBus } from '../device-model.js';
import { CLEARING, MODEL_VENDOR, UNASSIGNED_CLASS } from './ids.js';
import { fromLanes, laneMask, merge, toLanes } from './lanes.js';
import { noOptions } from './options.js';

const LATCH = 0x00;
const STATUS = 0x04;
const TRIGGER = 0x08;
const ENABLE = 0x0c;
const COUNT = 0x10;

const SHAPE: FunctionShape = {
  vendor: MODEL_VENDOR,
  device: CLEARING,
  subsystemVendor: MODEL_VENDOR,
  subsystemDevice: CLEARING,
  classCode: UNASSIGNED_CLASS,
  revision: 1,
  regions: [{ index: 0, kind: 'memory', size: 4096 }],
  pin: 1,
  msi: { vectors: 1, maskable: true },
};

export const clearing: DeviceKind<undefined> = {
  name: 'clearing',
  summary: 'a register that reading clears, one that writing 1 clears, a write-only one; INTx and MSI',
  options: (given) => noOptions('clearing', given),
  functions: () => [{ function: 0, shape: SHAPE }],
  create: (_options, _fn, bus) => new Clearing(bus),
};

/** Each access concerns its own bytes alone: reading one byte of the latch clears 8 bits of it. */
class Clearing implements DeviceModel {
  readonly #bus: ModelBus;
  #latch = 0;
  #status = 0;
  #enable = 0;
  #count = 0;

  constructor(bus: ModelBus) {
    this.#bus = bus;
  }

  read(_region: number, offset: number, width: 1 | 2 | 4): number {
    switch (offset & ~3) {
      case LATCH: {
        const value = fromLanes(offset, width, this.#latch);
        this.#latch &= ~laneMask(offset, width);
        return value;
      }
      case STATUS:
        return fromLanes(offset, width, this.#status);
      case ENABLE:
        return fromLanes(offset, width, this.#enable);
      case COUNT:
        return fromLanes(offset, width, this.#count);
      default:
        // Among them the trigger: what is write-only says nothing.
        return 0;
    }
  }

  write(_region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    switch (offset & ~3) {
      case STATUS:
        this.#status &= ~toLanes(offset, value);
        this.#updatePin();
        break;
      case TRIGGER:
        this.#happen(toLanes(offset, value));
        break;
      case ENABLE:
        this.#enable = merge(this.#enable, offset, width, value);
        this.#updatePin();
        break;
    }
  }

  reset(): void {
    this.#latch = this.#status = this.#enable = this.#count = 0;
  }

  /** A message tells of each enabled bit that comes up; one that stands already tells nothing new. */
  #happen(events: number): void {
    const fresh = events & ~this.#status;
    this.#latch |= events;
    this.#status |= events;
    for (let rest = events; rest !== 0; rest &= rest - 1) this.#count = (this.#count + 1) >>> 0;
    this.#updatePin();
    if ((fresh & this.#enable) !== 0) this.#bus.message(0);
  }

  #updatePin(): void {
    this.#bus.setPin((this.#status & this.#enable) !== 0);
  }
}
