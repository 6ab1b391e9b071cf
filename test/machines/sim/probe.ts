/** A device kind for tests: any shape, registers of plain memory, and its bus in the test's hands. */
import type { DeviceKind, DeviceModel, FunctionShape, ModelBus } from '../../../src/machines/sim/index.js';

export interface Access {
  readonly region: number;
  readonly offset: number;
  readonly width: number;
  readonly value: number;
}

/** One function of a probe, alive. */
export class Probe implements DeviceModel {
  readonly bus: ModelBus;
  readonly bytes = new Map<number, DataView>();
  readonly reads: Access[] = [];
  readonly writes: Access[] = [];
  resets = 0;

  constructor(shape: FunctionShape, bus: ModelBus) {
    this.bus = bus;
    for (const { index, size } of shape.regions) {
      // Regions may be huge; what tests look at stands at their start.
      this.bytes.set(index, new DataView(new ArrayBuffer(Math.min(size, 0x4000))));
    }
  }

  read(region: number, offset: number, width: 1 | 2 | 4): number {
    const view = this.bytes.get(region);
    let value = 0;
    if (view !== undefined && offset + width <= view.byteLength) {
      if (width === 4) value = view.getUint32(offset, true);
      else value = width === 2 ? view.getUint16(offset, true) : view.getUint8(offset);
    }
    this.reads.push({ region, offset, width, value });
    return value;
  }

  write(region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    this.writes.push({ region, offset, width, value });
    const view = this.bytes.get(region);
    if (view === undefined || offset + width > view.byteLength) return;
    if (width === 4) view.setUint32(offset, value, true);
    else if (width === 2) view.setUint16(offset, value, true);
    else view.setUint8(offset, value);
  }

  reset(): void {
    this.resets++;
    for (const view of this.bytes.values()) new Uint8Array(view.buffer).fill(0);
  }
}

/** What most tests need: a memory BAR with room for MSI-X, ports, every capability. */
export const FULL_SHAPE: FunctionShape = {
  vendor: 0x1b36,
  device: 0x7001,
  subsystemVendor: 0x1af4,
  subsystemDevice: 0x1100,
  classCode: 0xff0000,
  revision: 3,
  regions: [
    { index: 0, kind: 'memory', size: 0x4000 },
    { index: 1, kind: 'io', size: 0x20 },
    { index: 2, kind: 'memory', size: 0x10_0000, prefetchable: true, wide: true },
  ],
  pin: 1,
  msi: { vectors: 8, maskable: true },
  msix: { vectors: 5, region: 0, table: 0x2000, pending: 0x3000 },
  powerManagement: true,
  vpd: Uint8Array.of(0x82, 2, 0, 0x4f, 0x4b, 0x78),
};

/** The kind `probe`, each description with its own shapes, and every function that was made of it in order. */
export class ProbeKind implements DeviceKind<readonly FunctionShape[]> {
  readonly name = 'probe';
  readonly summary = 'memory, for tests';
  readonly faults = { upside_down: 'nothing that a test could not make itself' };
  readonly made: Probe[] = [];
  readonly #shapes: Readonly<Record<string, readonly FunctionShape[]>>;

  /** Shapes of the functions, by the name that a description gives in `options.shape`. */
  constructor(shapes: Readonly<Record<string, readonly FunctionShape[]>> = { full: [FULL_SHAPE] }) {
    this.#shapes = shapes;
  }

  options(given: Readonly<Record<string, unknown>>): readonly FunctionShape[] {
    const { shape = 'full' } = given;
    const shapes = typeof shape === 'string' ? this.#shapes[shape] : undefined;
    if (shapes === undefined) throw new Error(`no shape ${JSON.stringify(shape)}`);
    return shapes;
  }

  functions(shapes: readonly FunctionShape[]) {
    return shapes.map((shape, index) => ({ function: index, shape }));
  }

  create(shapes: readonly FunctionShape[], fn: number, bus: ModelBus): Probe {
    const probe = new Probe(shapes[fn] ?? FULL_SHAPE, bus);
    this.made.push(probe);
    return probe;
  }

  /** The only function that was made, or the one with this number. */
  probe(index = 0): Probe {
    const probe = this.made[index];
    if (probe === undefined) throw new Error(`no probe ${index} was made`);
    return probe;
  }
}
