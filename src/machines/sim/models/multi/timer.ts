/** Function 1 of `multi`: an interval timer, once or again and again, with INTB and one MSI vector. */
import { fields, type RegisterTable } from '../../../../pci/index.js';
import type { DeviceModel, FunctionShape, ModelBus, Timer } from '../../device-model.js';
import { MODEL_VENDOR, MULTI } from '../ids.js';
import { fromLanes } from '../lanes.js';

const { flag, number, register, whole } = fields;

const PERIOD = 0x00;
const CONTROL = 0x04;
const REMAINING = 0x08;
const STATUS = 0x0c;
const COUNT = 0x10;

const RUN = 1;
const AGAIN = 2;
const INTERRUPT = 4;
const EXPIRED = 1;
/** Shorter periods are as long as this one, so that no program can flood the machine's clock. */
const SHORTEST_NANOSECONDS = 1_000;

export const timerRegisters: RegisterTable = {
  name: 'timer',
  title: 'Interval timer of the multi-function device',
  source: 'this file',
  registers: [
    whole(PERIOD, 4, 'period', 'Period, at least 1000', 'rw', number('ns')),
    register(CONTROL, 4, 'control', 'Control', [
      flag(0, 'run', 'Start with a written 1, stop with a 0; reads 1 while it runs', 'rw'),
      flag(1, 'again', 'Start again after each period', 'rw'),
      flag(2, 'interrupt', 'Interrupt when it expires', 'rw'),
    ]),
    whole(REMAINING, 4, 'remaining', 'Left of the period', 'ro', number('ns')),
    register(STATUS, 4, 'status', 'Status', [flag(0, 'expired', 'A period is over', 'w1c')]),
    whole(COUNT, 4, 'count', 'Periods that are over', 'ro', number()),
  ],
};

export const TIMER: FunctionShape = {
  vendor: MODEL_VENDOR,
  device: MULTI + 1,
  subsystemVendor: MODEL_VENDOR,
  subsystemDevice: MULTI,
  // System peripheral, timer, generic.
  classCode: 0x080200,
  revision: 1,
  regions: [{ index: 0, kind: 'memory', size: 4096 }],
  pin: 2,
  msi: { vectors: 1 },
  express: { flr: true },
};

/** Registers are written with 4 bytes; narrower writes do nothing. */
export class IntervalTimer implements DeviceModel {
  readonly #bus: ModelBus;
  #timer: Timer | undefined;
  #due = 0;
  #period = 0;
  #control = 0;
  #status = 0;
  #count = 0;

  constructor(bus: ModelBus) {
    this.#bus = bus;
  }

  read(_region: number, offset: number, width: 1 | 2 | 4): number {
    return fromLanes(offset, width, this.#register(offset & ~3));
  }

  write(_region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    if (width !== 4) return;
    switch (offset) {
      case PERIOD:
        this.#period = value;
        break;
      case CONTROL:
        this.#control = value & (RUN | AGAIN | INTERRUPT);
        this.#timer?.cancel();
        this.#timer = undefined;
        if ((value & RUN) !== 0) this.#start();
        break;
      case STATUS:
        this.#status &= ~value;
        break;
    }
    this.#updatePin();
  }

  reset(): void {
    this.#timer = undefined;
    this.#due = this.#period = this.#control = this.#status = this.#count = 0;
  }

  #register(offset: number): number {
    switch (offset) {
      case PERIOD:
        return this.#period;
      case CONTROL:
        return this.#control;
      case REMAINING:
        return this.#timer === undefined ? 0 : Math.max(0, Math.ceil(this.#due - this.#bus.now));
      case STATUS:
        return this.#status;
      case COUNT:
        return this.#count;
      default:
        return 0;
    }
  }

  /** A new period counts from a write of the control register, or from the end of the last one. */
  #start(): void {
    const period = Math.max(this.#period, SHORTEST_NANOSECONDS);
    this.#due = this.#bus.now + period;
    this.#timer = this.#bus.after(period, () => {
      this.#expire();
    });
  }

  #expire(): void {
    this.#timer = undefined;
    this.#status |= EXPIRED;
    this.#count = (this.#count + 1) >>> 0;
    if ((this.#control & AGAIN) !== 0) this.#start();
    else this.#control &= ~RUN;
    this.#updatePin();
    if ((this.#control & INTERRUPT) !== 0) this.#bus.message(0);
  }

  #updatePin(): void {
    this.#bus.setPin((this.#status & EXPIRED) !== 0 && (this.#control & INTERRUPT) !== 0);
  }
}
