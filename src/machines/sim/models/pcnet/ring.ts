/** A ring of descriptors in the host's memory, in each of the controller's three layouts. */
import type { DmaResult, Iova } from '../../../../function/index.js';

/** How descriptors and the initialization block are laid out (BCR20, SWSTYLE). */
export type SoftwareStyle = 0 | 2 | 3;

/** The part of the bus that a ring needs. */
export interface RingMemory {
  dmaRead(iova: Iova, into: Uint8Array): DmaResult;
  dmaWrite(iova: Iova, from: Uint8Array): DmaResult;
}

/** Upper half of a descriptor's status word; the first eight are all that the 16-bit layout has. */
export const Descriptor = {
  own: 0x8000,
  error: 0x4000,
  /** Receive: frame error. Transmit: add the frame check sequence. */
  frame: 0x2000,
  overflow: 0x1000,
  checksum: 0x0800,
  buffer: 0x0400,
  start: 0x0200,
  end: 0x0100,
} as const;

const LONG = 16;
const SHORT = 8;
/** A byte count of twelve bits, negated; all zeros are 4096. */
const COUNT_MASK = 0x0fff;

/** One direction's ring, and the descriptor that is worked on. */
export class DescriptorRing {
  /** The current descriptor, as {@link load} found it. */
  address = 0;
  /** Bytes of its buffer. */
  bytes = 0;
  status = 0;
  readonly #memory: RingMemory;
  readonly #style: SoftwareStyle;
  readonly #base: number;
  readonly #length: number;
  #index = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #word = new Uint8Array(2);

  /** `length` descriptors from `base` on, a bus address. */
  constructor(memory: RingMemory, style: SoftwareStyle, base: number, length: number) {
    this.#memory = memory;
    this.#style = style;
    this.#base = base;
    this.#length = length;
    this.#bytes = new Uint8Array(style === 0 ? SHORT : LONG);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Reads the current descriptor. */
  load(): DmaResult {
    const result = this.#memory.dmaRead(this.#here, this.#bytes);
    const view = this.#view;
    if (this.#style === 0) {
      this.address = view.getUint16(0, true) | (view.getUint8(2) << 16);
      this.status = view.getUint8(3) << 8;
      this.bytes = countOf(view.getUint16(4, true));
    } else {
      this.address = view.getUint32(this.#style === 3 ? 8 : 0, true);
      this.status = view.getUint16(6, true);
      this.bytes = countOf(view.getUint16(4, true));
    }
    return result;
  }

  get owned(): boolean {
    return (this.status & Descriptor.own) !== 0;
  }

  /** Whether the descriptor after the current one is the controller's, too. */
  get nextOwned(): boolean {
    const next = (this.#index + 1) % this.#length;
    const word = this.#word;
    const place = this.#base + next * this.#bytes.length + (this.#style === 0 ? 2 : 6);
    const result = this.#memory.dmaRead(BigInt(place) as Iova, word);
    // The only descriptor of a ring follows itself, and is about to be given back.
    return this.#length > 1 && result === 'done' && ((word[1] ?? 0) & 0x80) !== 0;
  }

  /**
   * Gives the current descriptor back to the program, and goes to the next one. The status is written last: a program
   * that sees it sees all. `detail` is the word of messages: received bytes, or what went wrong in sending.
   */
  finish(status: number, detail: number): DmaResult {
    const view = this.#view;
    const here = Number(this.#here);
    let result: DmaResult;
    if (this.#style === 0) {
      view.setUint16(6, detail & 0xffff, true);
      this.#memory.dmaWrite(BigInt(here + 6) as Iova, this.#bytes.subarray(6, 8));
      view.setUint8(3, status >>> 8);
      result = this.#memory.dmaWrite(BigInt(here + 2) as Iova, this.#bytes.subarray(2, 4));
    } else {
      const place = this.#style === 3 ? 0 : 8;
      view.setUint32(place, detail, true);
      this.#memory.dmaWrite(BigInt(here + place) as Iova, this.#bytes.subarray(place, place + 4));
      view.setUint16(6, status, true);
      result = this.#memory.dmaWrite(BigInt(here + 4) as Iova, this.#bytes.subarray(4, 8));
    }
    this.#index = (this.#index + 1) % this.#length;
    return result;
  }

  get #here(): Iova {
    return BigInt(this.#base + this.#index * this.#bytes.length) as Iova;
  }
}

function countOf(register: number): number {
  return 4096 - (register & COUNT_MASK);
}
