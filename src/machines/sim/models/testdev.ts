/** `testdev`: memory and ports that keep what is written, and count each access by width: one access is one access. */
import type { DeviceKind, DeviceModel, FunctionShape } from '../device-model.js';
import { MODEL_VENDOR, TESTDEV, UNASSIGNED_CLASS } from './ids.js';
import { fromLanes } from './lanes.js';
import { noOptions } from './options.js';

const MEMORY_BYTES = 4096;
const PORT_BYTES = 64;

const MEMORY = 0;
const PORTS = 1;
const COUNTERS = 2;
/** Counters of one region and direction: one of 32 bits for each width. */
const GROUP = 4;
const CLEAR = 0x40;

/** Memory reads, memory writes, port reads, port writes. */
function counterGroup(region: number, isWrite: boolean): number {
  return (region * 2 + (isWrite ? 1 : 0)) * GROUP;
}

const SHAPE: FunctionShape = {
  vendor: MODEL_VENDOR,
  device: TESTDEV,
  subsystemVendor: MODEL_VENDOR,
  subsystemDevice: TESTDEV,
  classCode: UNASSIGNED_CLASS,
  revision: 1,
  regions: [
    { index: MEMORY, kind: 'memory', size: MEMORY_BYTES },
    { index: PORTS, kind: 'io', size: PORT_BYTES },
    { index: COUNTERS, kind: 'memory', size: 4096, wide: true, prefetchable: true },
  ],
};

/** For tests of whoever carries accesses: BAR 2 counts those of BAR 0 and 1, and does not count itself. */
export const testdev: DeviceKind<undefined> = {
  name: 'testdev',
  summary: 'storage behind a memory BAR and an I/O BAR, with counters of accesses by width',
  options: (given) => noOptions('testdev', given),
  functions: () => [{ function: 0, shape: SHAPE }],
  create: () => new Testdev(),
};

class Testdev implements DeviceModel {
  readonly #storage = [
    new DataView(new ArrayBuffer(MEMORY_BYTES)),
    new DataView(new ArrayBuffer(PORT_BYTES)),
  ];
  readonly #counters = new Uint32Array(4 * GROUP);

  read(region: number, offset: number, width: 1 | 2 | 4): number {
    const storage = this.#storage[region];
    if (storage === undefined) return fromLanes(offset, width, this.#counters[offset >>> 2] ?? 0);
    this.#count(region, false, width);
    if (width === 1) return storage.getUint8(offset);
    return width === 2 ? storage.getUint16(offset, true) : storage.getUint32(offset, true);
  }

  write(region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    const storage = this.#storage[region];
    if (storage === undefined) {
      if ((offset & ~3) === CLEAR) this.#counters.fill(0);
      return;
    }
    this.#count(region, true, width);
    if (width === 1) storage.setUint8(offset, value);
    else if (width === 2) storage.setUint16(offset, value, true);
    else storage.setUint32(offset, value, true);
  }

  read64(region: number, offset: number): bigint {
    const storage = this.#storage[region];
    if (storage === undefined) {
      return BigInt(this.read(region, offset, 4)) | (BigInt(this.read(region, offset + 4, 4)) << 32n);
    }
    this.#count(region, false, 8);
    return storage.getBigUint64(offset, true);
  }

  write64(region: number, offset: number, value: bigint): void {
    const storage = this.#storage[region];
    if (storage === undefined) {
      this.write(region, offset, 4, 0);
      return;
    }
    this.#count(region, true, 8);
    storage.setBigUint64(offset, value, true);
  }

  reset(): void {
    for (const storage of this.#storage) new Uint8Array(storage.buffer).fill(0);
    this.#counters.fill(0);
  }

  /** A counter of 32 bits goes on from 0 after its last value. */
  #count(region: number, isWrite: boolean, width: 1 | 2 | 4 | 8): void {
    const index = counterGroup(region, isWrite) + (width === 8 ? 3 : width >>> 1);
    this.#counters[index] = (this.#counters[index] ?? 0) + 1;
  }
}
