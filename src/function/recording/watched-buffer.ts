/** DMA memory of which the program has a copy, so that what it writes and what the device writes are told apart. */
import type { WrittenExtent } from './entry.js';
import { hex } from './entry.js';
import { changedExtents, crc32 } from './extents.js';

/** Longest piece of memory in one entry, bytes. */
const LONGEST = 0x8000;

/** A run of bytes that the device has written. */
export interface DeviceExtent {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** The program's copy, and what it was when program and device last agreed. */
export class ProgramMemory {
  readonly bytes: Uint8Array;
  readonly #agreed: Uint8Array;

  /** Zeros, as fresh memory is. `shared`: other threads may hold it. */
  constructor(size: number, shared: boolean) {
    this.bytes = new Uint8Array(shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size));
    this.#agreed = new Uint8Array(size);
  }

  get agreed(): Readonly<Uint8Array> {
    return this.#agreed;
  }

  /** What the program has written since the last time. */
  written(): WrittenExtent[] {
    return changedExtents(this.#agreed, this.bytes).map(({ start, end }) => {
      const run = this.bytes.slice(start, end);
      this.#agreed.set(run, start);
      return { at: start, bytes: run.length, crc: hex(crc32(run)) };
    });
  }

  /** The device has written. */
  receive(at: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, at);
    this.#agreed.set(bytes, at);
  }
}

/** The program's copy beside the memory that the device reaches. */
export class WatchedBuffer {
  readonly program: ProgramMemory;
  readonly #device: Uint8Array;

  constructor(device: Uint8Array) {
    this.#device = device;
    this.program = new ProgramMemory(device.length, device.buffer instanceof SharedArrayBuffer);
  }

  /** Copies what the program has written to the device's memory, and nothing else. */
  handOver(): WrittenExtent[] {
    const extents = this.program.written();
    for (const { at, bytes } of extents) this.#device.set(this.program.bytes.subarray(at, at + bytes), at);
    return extents;
  }

  /** Copies what the device has written to the program's memory. */
  fetch(): DeviceExtent[] {
    return changedExtents(this.program.agreed, this.#device, LONGEST).map(({ start, end }) => {
      const bytes = this.#device.slice(start, end);
      this.program.receive(start, bytes);
      return { at: start, bytes };
    });
  }
}
