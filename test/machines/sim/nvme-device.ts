/** The `nvme` model on a bus with memory, with a host in front of it, for tests; and what they compare. */
import assert from 'node:assert/strict';
import { nvme } from '../../../src/machines/sim/models/index.js';
import { MemoryBus } from './memory-bus.js';
import { NvmeHost } from './nvme-host.js';

export const MILLISECOND = 1_000_000;
const DNR = 0x4000;
export const status = (type: number, code: number) => (type << 8) | code | DNR;
export const INVALID_FIELD = status(0, 0x02);
export const INVALID_NAMESPACE = status(0, 0x0b);
export const PRP_OFFSET_INVALID = status(0, 0x13);
export const INVALID_QUEUE = status(1, 0x01);

/** A model on a bus, its host, and what to look at. Nothing is started. */
export function make(given: Record<string, unknown> = {}) {
  const disk = new Uint8Array(1 << 20);
  const bus = new MemoryBus(4 << 20);
  bus.messages = 'msix';
  const options = nvme.options('size' in given ? given : { disk, ...given });
  const model = nvme.create(options, 0, bus);
  const read = (offset: number) => model.read(0, offset, 4);
  const write = (offset: number, value: number) => {
    model.write(0, offset, 4, value);
  };
  const host = new NvmeHost({
    read32: (offset) => Promise.resolve(read(offset)),
    write32: (offset, value) => {
      write(offset, value >>> 0);
      return Promise.resolve();
    },
    readMemory: (address, bytes) => Promise.resolve(bus.memory.slice(address, address + bytes)),
    writeMemory: (address, bytes) => {
      bus.memory.set(bytes, address);
      return Promise.resolve();
    },
    pause: () => {
      bus.advance(100_000);
      return Promise.resolve();
    },
  });
  return { disk, bus, model, host, read, write };
}

export async function started(given: Record<string, unknown> = {}, pairs = 0) {
  const device = make(given);
  await device.host.start();
  for (let id = 1; id <= pairs; id++) assert.deepEqual(await device.host.createPair(id, 16), [0, 0]);
  return device;
}

export function pattern(bytes: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + (index >> 8) * 13 + seed) & 0xff);
}

/** As assert.deepEqual, without thousands of lines when they differ. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array, what?: string): void {
  assert.equal(Buffer.compare(actual, expected), 0, what);
}

export function ascii(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}
