/** `vectors`: a device with as many vectors of MSI-X as one asks for, each raised by a write of its number. */
import { fields, type RegisterTable } from '../../../pci/index.js';
import type { DeviceKind, DeviceModel, FunctionShape, ModelBus } from '../device-model.js';
import { MODEL_VENDOR, UNASSIGNED_CLASS, VECTORS } from './ids.js';
import { fromLanes } from './lanes.js';
import { OptionReader } from './options.js';

const { number, whole } = fields;

const RAISE = 0x00;
const COUNT = 0x04;
const RAISED = 0x08;

/** The most that the capability can show (PCI Local Bus 3.0, 6.8.2.3). */
const MOST_VECTORS = 2048;
const TABLE = 0x8000;
const PENDING = 0x1_0000;
const REGION_BYTES = 0x2_0000;

export const vectorsRegisters: RegisterTable = {
  name: 'vectors',
  title: 'Interrupt vectors on demand',
  source: 'this file',
  registers: [
    whole(RAISE, 4, 'raise', 'Number of the vector to raise', 'wo'),
    whole(COUNT, 4, 'count', 'Vectors that there are', 'ro', number()),
    whole(RAISED, 4, 'raised', 'Interrupts raised so far', 'ro', number()),
  ],
};

/** `options` of a description, as `vectors` understands them. */
export interface VectorsOptions {
  /** 1 to 2048; 128 where absent. */
  readonly vectors: number;
}

export const vectors: DeviceKind<VectorsOptions> = {
  name: 'vectors',
  summary: 'up to 2048 vectors of MSI-X, each raised by a write of its number',
  options: (given) => ({
    vectors: new OptionReader('vectors', given, ['vectors']).integer('vectors', 1, MOST_VECTORS, 128),
  }),
  functions: (options) => [{ function: 0, shape: shapeOf(options) }],
  create: (options, _fn, bus) => new Vectors(options.vectors, bus),
};

function shapeOf(options: VectorsOptions): FunctionShape {
  return {
    vendor: MODEL_VENDOR,
    device: VECTORS,
    subsystemVendor: MODEL_VENDOR,
    subsystemDevice: VECTORS,
    classCode: UNASSIGNED_CLASS,
    revision: 1,
    regions: [{ index: 0, kind: 'memory', size: REGION_BYTES }],
    msix: { vectors: options.vectors, region: 0, table: TABLE, pending: PENDING },
    express: { flr: true },
  };
}

/** Registers are written with 4 bytes; narrower writes do nothing, and neither does a vector that there is not. */
class Vectors implements DeviceModel {
  readonly #vectors: number;
  readonly #bus: ModelBus;
  #raised = 0;

  constructor(count: number, bus: ModelBus) {
    this.#vectors = count;
    this.#bus = bus;
  }

  read(_region: number, offset: number, width: 1 | 2 | 4): number {
    const aligned = offset & ~3;
    if (aligned === COUNT) return fromLanes(offset, width, this.#vectors);
    return aligned === RAISED ? fromLanes(offset, width, this.#raised) : 0;
  }

  write(_region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    if (width !== 4 || offset !== RAISE || value >= this.#vectors) return;
    this.#raised = (this.#raised + 1) >>> 0;
    this.#bus.message(value);
  }

  reset(): void {
    this.#raised = 0;
  }
}
