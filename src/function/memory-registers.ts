/** Registers in mapped memory: each access is one load or store of its width. */
import { RegionAccessError } from './errors.js';
import type { RegisterAccess } from './function.js';
import { checkRegionAccess } from './region-access.js';

const EMPTY = new ArrayBuffer(0);

/**
 * Loads go through Atomics.load and stores through a plain typed array store: the two forms that no engine tier
 * repeats, merges, splits or drops. Whoever made the mapping ends it after {@link close}.
 */
export class MemoryRegisters implements RegisterAccess, Disposable {
  /** Bytes. */
  readonly #size: number;
  readonly #name: string;
  #bytes: Uint8Array;
  #words: Uint16Array;
  #doubles: Uint32Array;
  #quads: BigUint64Array;
  #open = true;

  /** `size` bytes of `buffer` from `start` on; `name` is the region in a message's words. */
  constructor(name: string, buffer: ArrayBufferLike, start: number, size: number) {
    this.#name = name;
    this.#size = size;
    this.#bytes = new Uint8Array(buffer, start, size);
    this.#words = new Uint16Array(buffer, start, size >> 1);
    this.#doubles = new Uint32Array(buffer, start, size >> 2);
    // A BAR of 4 bytes may stand anywhere; it is too small for 64 bits.
    this.#quads = start % 8 === 0 ? new BigUint64Array(buffer, start, size >> 3) : new BigUint64Array(EMPTY);
  }

  read8(offset: number): number {
    this.#check(offset, 1);
    return Atomics.load(this.#bytes, offset);
  }

  read16(offset: number): number {
    this.#check(offset, 2);
    return Atomics.load(this.#words, offset >>> 1);
  }

  read32(offset: number): number {
    this.#check(offset, 4);
    return Atomics.load(this.#doubles, offset >>> 2);
  }

  read64(offset: number): bigint {
    this.#check(offset, 8);
    return Atomics.load(this.#quads, offset >>> 3);
  }

  write8(offset: number, value: number): void {
    this.#check(offset, 1);
    this.#bytes[offset] = value;
  }

  write16(offset: number, value: number): void {
    this.#check(offset, 2);
    this.#words[offset >>> 1] = value;
  }

  write32(offset: number, value: number): void {
    this.#check(offset, 4);
    this.#doubles[offset >>> 2] = value;
  }

  write64(offset: number, value: bigint): void {
    this.#check(offset, 8);
    this.#quads[offset >>> 3] = value;
  }

  #check(offset: number, width: 1 | 2 | 4 | 8): void {
    if (!this.#open) throw new RegionAccessError('REGION_CLOSED', this.#name, 'was closed');
    checkRegionAccess(this.#name, this.#size, offset, width);
  }

  /** After it every access throws, and the memory may be unmapped: no view of it is left here. */
  close(): void {
    this.#open = false;
    this.#bytes = new Uint8Array(EMPTY);
    this.#words = new Uint16Array(EMPTY);
    this.#doubles = new Uint32Array(EMPTY);
    this.#quads = new BigUint64Array(EMPTY);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
