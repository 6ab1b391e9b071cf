/** Function 0 of `multi`: sixteen pins behind ports, each wired to the pin eight further on, with interrupts on change. */
import { fields, type RegisterTable } from '../../../../pci/index.js';
import type { DeviceModel, FunctionShape, ModelBus } from '../../device-model.js';
import { MODEL_VENDOR, MULTI, UNASSIGNED_CLASS } from '../ids.js';
import { fromLanes, merge, toLanes } from '../lanes.js';

const { bits, hex, register } = fields;

const OUTPUT = 0x00;
const DIRECTION = 0x04;
const INPUT = 0x08;
const CHANGED = 0x0c;
const ENABLE = 0x10;
const PINS = 0xffff;

export const gpioRegisters: RegisterTable = {
  name: 'gpio',
  title: 'Pins of the multi-function device',
  source: 'this file',
  registers: [
    register(OUTPUT, 4, 'output', 'Levels to drive', [pins('rw')]),
    register(DIRECTION, 4, 'direction', 'Pins that are driven', [pins('rw')]),
    register(INPUT, 4, 'input', 'Levels of the pins', [pins('ro')]),
    register(CHANGED, 4, 'changed', 'Pins whose level changed', [pins('w1c')]),
    register(ENABLE, 4, 'enable', 'Changes that interrupt', [pins('rw')]),
  ],
};

function pins(access: 'ro' | 'rw' | 'w1c') {
  return bits(15, 0, 'pins', 'Pins', access, hex());
}

export const GPIO: FunctionShape = {
  vendor: MODEL_VENDOR,
  device: MULTI,
  subsystemVendor: MODEL_VENDOR,
  subsystemDevice: MULTI,
  classCode: UNASSIGNED_CLASS,
  revision: 1,
  regions: [{ index: 0, kind: 'io', size: 32 }],
  pin: 1,
  express: { flr: true },
};

export class Gpio implements DeviceModel {
  readonly #bus: ModelBus;
  #output = 0;
  #direction = 0;
  #changed = 0;
  #enable = 0;

  constructor(bus: ModelBus) {
    this.#bus = bus;
  }

  read(_region: number, offset: number, width: 1 | 2 | 4): number {
    switch (offset & ~3) {
      case OUTPUT:
        return fromLanes(offset, width, this.#output);
      case DIRECTION:
        return fromLanes(offset, width, this.#direction);
      case INPUT:
        return fromLanes(offset, width, this.#levels());
      case CHANGED:
        return fromLanes(offset, width, this.#changed);
      case ENABLE:
        return fromLanes(offset, width, this.#enable);
      default:
        return 0;
    }
  }

  write(_region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    const before = this.#levels();
    switch (offset & ~3) {
      case OUTPUT:
        this.#output = merge(this.#output, offset, width, value) & PINS;
        break;
      case DIRECTION:
        this.#direction = merge(this.#direction, offset, width, value) & PINS;
        break;
      case CHANGED:
        this.#changed &= ~toLanes(offset, value);
        break;
      case ENABLE:
        this.#enable = merge(this.#enable, offset, width, value) & PINS;
        break;
    }
    this.#changed |= before ^ this.#levels();
    this.#bus.setPin((this.#changed & this.#enable) !== 0);
  }

  reset(): void {
    this.#output = this.#direction = this.#changed = this.#enable = 0;
  }

  /** A wire that nobody drives is pulled up; where both ends drive it, low wins. */
  #levels(): number {
    const low = this.#direction & ~this.#output & PINS;
    const pulledLow = low | (low << 8) | (low >>> 8);
    return ~pulledLow & PINS;
  }
}
