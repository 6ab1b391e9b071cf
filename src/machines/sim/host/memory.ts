/** The machine's memory: ranges of one physical address space, each in a buffer of its own. */
import {
  wholePages,
  type DmaPlacement,
  type MemoryRange,
  type PhysicalAddress,
} from '../../../function/index.js';
import { MachineMemoryError } from '../errors.js';
import { FreedBuffers } from './freed-buffers.js';

/** What old software expects below the first megabyte is never given away. */
export const MEMORY_BASE = 0x10_0000;
/** The bus begins here. */
export const MEMORY_END = 0x8000_0000;

/** A range that somebody owns, and a view of it for whoever copies. */
export class OwnedRange implements Disposable {
  readonly base: PhysicalAddress;
  readonly bytes: Uint8Array;
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory, base: number, bytes: Uint8Array) {
    this.#memory = memory;
    this.base = base as PhysicalAddress;
    this.bytes = bytes;
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

/** A range in memory that threads can share. */
export class SharedRange extends OwnedRange implements MemoryRange {
  readonly buffer: SharedArrayBuffer;

  constructor(memory: PhysicalMemory, base: number, buffer: SharedArrayBuffer) {
    super(memory, base, new Uint8Array(buffer));
    this.buffer = buffer;
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

  /** Zeroed, at an address as `placement` wants it. @throws {MachineMemoryError} @throws {DmaError} */
  allocate(placement: DmaPlacement): SharedRange {
    return this.#insert(placement, (base, size) => {
      return new SharedRange(this, base, this.#freed.take(size) ?? new SharedArrayBuffer(size));
    });
  }

  /**
   * The same in memory that comes from elsewhere: `memoryAt` gives `bytes` of it, zeroed, for the address that was
   * found. Whoever gave it takes it back when the range is freed.
   */
  adopt(placement: DmaPlacement, memoryAt: (base: number, bytes: number) => Uint8Array): OwnedRange {
    return this.#insert(placement, (base, size) => new OwnedRange(this, base, memoryAt(base, size)));
  }

  /** The lowest place that is free: devices with few address lines reach it. */
  #insert<T extends OwnedRange>(placement: DmaPlacement, make: (base: number, bytes: number) => T): T {
    let free = MEMORY_BASE;
    for (let index = 0; ; index++) {
      const next = this.#ranges[index];
      const base = placement.fit(free, next?.base ?? this.#end);
      if (base !== undefined) {
        const range = make(base, wholePages(placement.bytes));
        this.#ranges.splice(index, 0, range);
        return range;
      }
      if (next === undefined) throw this.#full(placement);
      free = next.end;
    }
  }

  /** Where there is not even room, it is not the constraints that are in the way. */
  #full(placement: DmaPlacement): Error {
    const size = wholePages(placement.bytes);
    let free = MEMORY_BASE;
    for (const range of this.#ranges) {
      if (range.base - free >= size) return placement.noAddress();
      free = range.end;
    }
    if (this.#end - free >= size) return placement.noAddress();
    return new MachineMemoryError(placement.bytes, this.#free());
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
    if (range instanceof SharedRange) this.#freed.keep(range.buffer);
  }

  #free(): number {
    return this.#ranges.reduce((free, range) => free - range.bytes.length, this.#end - MEMORY_BASE);
  }
}
