/** The machine's memory: ranges of one physical address space, each in a buffer of its own. */
import type { MemoryRange, PhysicalAddress } from '../../../function/index.js';
import { MachineMemoryError } from '../errors.js';
import { FreedBuffers } from './freed-buffers.js';
import { PAGE_SIZE } from './page.js';

/** What old software expects below the first megabyte is never given away. */
export const MEMORY_BASE = 0x10_0000;
/** The bus begins here. */
export const MEMORY_END = 0x8000_0000;

/** A range, and a view of it for whoever copies. */
export class OwnedRange implements MemoryRange {
  readonly base: PhysicalAddress;
  readonly buffer: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory, base: number, buffer: SharedArrayBuffer) {
    this.#memory = memory;
    this.base = base as PhysicalAddress;
    this.buffer = buffer;
    this.bytes = new Uint8Array(buffer);
  }

  get end(): number {
    return this.base + this.bytes.length;
  }

  free(): void {
    this.#memory.free(this);
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

export class PhysicalMemory {
  readonly #end: number;
  /** In order of their addresses. */
  readonly #ranges: OwnedRange[] = [];
  readonly #freed = new FreedBuffers();
  readonly #onFree: (base: number, bytes: number) => void;

  /** `bytes` of memory from {@link MEMORY_BASE} on; `onFree` is told of each range before somebody else can get it. */
  constructor(bytes: number, onFree: (base: number, bytes: number) => void) {
    this.#end = MEMORY_BASE + bytes;
    this.#onFree = onFree;
  }

  /** The lowest place that is free: devices with few address lines reach it. @throws {MachineMemoryError} */
  allocate(bytes: number): OwnedRange {
    const size = Math.max(1, Math.ceil(bytes / PAGE_SIZE)) * PAGE_SIZE;
    let base = MEMORY_BASE;
    let index = 0;
    for (const range of this.#ranges) {
      if (range.base - base >= size) break;
      base = range.end;
      index++;
    }
    if (!(base + size <= this.#end)) throw new MachineMemoryError(bytes, this.#free());
    const range = new OwnedRange(this, base, this.#freed.take(size) ?? new SharedArrayBuffer(size));
    this.#ranges.splice(index, 0, range);
    return range;
  }

  /** The range that holds an address, undefined where there is no memory. */
  find(address: number): OwnedRange | undefined {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const range = this.#ranges[middle];
      if (range === undefined || range.end > address) high = middle;
      else low = middle + 1;
    }
    const range = this.#ranges[low];
    return range !== undefined && range.base <= address ? range : undefined;
  }

  free(range: OwnedRange): void {
    const index = this.#ranges.indexOf(range);
    if (index < 0) return;
    this.#ranges.splice(index, 1);
    this.#onFree(range.base, range.bytes.length);
    this.#freed.keep(range.buffer);
  }

  #free(): number {
    return this.#ranges.reduce((free, range) => free - range.bytes.length, this.#end - MEMORY_BASE);
  }
}
