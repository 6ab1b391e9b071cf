/** Where DMA memory may stand for a device: what it demands of addresses, and the segments that it sees. Pure. */
import { DmaError } from './errors.js';
import type { DmaConstraints, DmaSegment, Iova } from './function.js';

/** Buffers begin at a multiple of it on every machine: the page of the IOMMU and of memory. */
export const DMA_PAGE = 4096;

/** Addresses are counted in numbers, which are exact up to here; no machine has memory above. */
const HIGHEST = Number.MAX_SAFE_INTEGER;
/** The most segments of one buffer, whatever a device may take: the list of them is kept. */
const MOST_SEGMENTS = 0x1_0000;

/** Bytes of whole pages that hold as much. */
export function wholePages(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / DMA_PAGE)) * DMA_PAGE;
}

/** The demands of one buffer, checked once and then asked for every place that is free. */
export class DmaPlacement {
  /** Bytes that were asked for; they take {@link wholePages}. */
  readonly bytes: number;
  readonly #alignment: number;
  /** Infinity: none. */
  readonly #boundary: number;
  readonly #highest: number;
  readonly #segments: number;
  readonly #segmentBytes: number;

  /** @throws {DmaError} `DMA_CONSTRAINTS`: no address at all can satisfy them, or they are none. */
  constructor(bytes: number, constraints: DmaConstraints = {}) {
    const {
      alignment = 1,
      boundary = Infinity,
      highest,
      segments = 1,
      segmentBytes = Infinity,
    } = constraints;
    const refuse = (why: string) => new DmaError('DMA_CONSTRAINTS', bytes, why);
    if (!(Number.isSafeInteger(bytes) && bytes >= 0)) throw refuse('that is no number of bytes');
    if (!isPowerOfTwo(alignment)) throw refuse(`the alignment ${alignment} is no power of two`);
    if (boundary !== Infinity && !isPowerOfTwo(boundary))
      throw refuse(`the boundary ${boundary} is no power of two`);
    if (!(segmentBytes >= 1 && segments >= 1)) throw refuse('there is no segment that holds a byte');
    this.bytes = bytes;
    this.#alignment = Math.max(alignment, DMA_PAGE);
    this.#boundary = boundary;
    this.#highest = highest === undefined || highest > BigInt(HIGHEST) ? HIGHEST : Number(highest);
    this.#segments = Math.min(segments, MOST_SEGMENTS);
    this.#segmentBytes = Math.min(Math.floor(segmentBytes), HIGHEST);
    // From a boundary on there are fewest. Where segments are no divisor of the boundary there may be fewer elsewhere;
    // that is not looked for.
    const fewest = this.#count(0);
    if (fewest > this.#segments)
      throw refuse(`they would be ${fewest} segments, and ${this.#segments} may be`);
  }

  /**
   * The lowest address in `start` up to `end` (exclusive) where the buffer can stand, as whole pages; undefined where
   * there is none.
   */
  fit(start: number, end: number): number | undefined {
    const aligned = roundUp(start, this.#alignment);
    if (!this.#ends(aligned, end)) return undefined;
    if (this.#count(aligned) <= this.#segments) return aligned;
    const atBoundary = roundUp(aligned, Math.max(this.#alignment, this.#boundary));
    return this.#ends(atBoundary, end) ? atBoundary : undefined;
  }

  /** The buffer at `iova` as the device is to be told of it: in order, one behind the other. */
  segments(iova: Iova): readonly DmaSegment[] {
    return this.#split(Number(iova));
  }

  /** What to throw where no free place fits. */
  noAddress(): DmaError {
    return new DmaError('DMA_NO_ADDRESS', this.bytes, 'no free address is as the device needs it');
  }

  #ends(at: number, end: number): boolean {
    return at + wholePages(this.bytes) <= end && at + this.bytes - 1 <= this.#highest;
  }

  /** Segments of the buffer at `start`. */
  #count(start: number): number {
    const pieces = (bytes: number) => Math.ceil(bytes / this.#segmentBytes);
    if (this.#boundary === Infinity) return pieces(this.bytes);
    const first = Math.min(this.bytes, this.#boundary - (start % this.#boundary));
    const rest = this.bytes - first;
    const whole = Math.floor(rest / this.#boundary) * pieces(this.#boundary);
    return pieces(first) + whole + pieces(rest % this.#boundary);
  }

  #split(start: number): DmaSegment[] {
    const segments: DmaSegment[] = [];
    const end = start + this.bytes;
    for (let at = start; at < end;) {
      const toBoundary = this.#boundary === Infinity ? Infinity : this.#boundary - (at % this.#boundary);
      const bytes = Math.min(end - at, this.#segmentBytes, toBoundary);
      segments.push({ iova: BigInt(at) as Iova, bytes });
      at += bytes;
    }
    return segments;
  }
}

/** Addresses on the device's side that are taken; lowest first, since devices with few address lines reach those. */
export class IovaSpace {
  readonly #first: number;
  readonly #end: number;
  /** In order of their addresses. */
  readonly #taken: { readonly start: number; readonly end: number }[] = [];

  /** Addresses from `first` up to `end` (exclusive), multiples of a page. */
  constructor(first: number, end: number = HIGHEST) {
    this.#first = first;
    this.#end = end;
  }

  /** Takes whole pages. @throws {DmaError} `DMA_NO_ADDRESS` */
  allocate(placement: DmaPlacement): number {
    let free = this.#first;
    for (let index = 0; ; index++) {
      const next = this.#taken[index];
      const start = placement.fit(free, next?.start ?? this.#end);
      if (start !== undefined) {
        this.#taken.splice(index, 0, { start, end: start + wholePages(placement.bytes) });
        return start;
      }
      if (next === undefined) throw placement.noAddress();
      free = next.end;
    }
  }

  free(start: number): void {
    const index = this.#taken.findIndex((range) => range.start === start);
    if (index >= 0) this.#taken.splice(index, 1);
  }
}

function isPowerOfTwo(value: number): boolean {
  // In bigint: a logarithm in floating point is whole for neighbours of large powers, too.
  return Number.isSafeInteger(value) && value > 0 && (BigInt(value) & (BigInt(value) - 1n)) === 0n;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
