/** A domain's memory as its own program divides it: whole pages, first fit. */
import { DmaPlacement, type DmaBuffer, type DmaConstraints, type Iova } from '../../../function/index.js';
import { GuestMemoryError } from '../errors.js';
import { PAGE_BYTES, STORE_PAGE } from '../control-block.js';

/** A piece of the domain's memory. */
export interface Pages {
  /** Number of the first page inside the domain. */
  readonly frame: number;
  readonly bytes: Uint8Array;
  readonly free: () => void;
}

export class GuestMemory {
  readonly #memory: SharedArrayBuffer;
  readonly #base: number;
  /** 1 for a page that is in use. */
  readonly #used: Uint8Array;

  constructor(memory: SharedArrayBuffer, base: number) {
    this.#memory = memory;
    this.#base = base;
    this.#used = new Uint8Array(memory.byteLength / PAGE_BYTES);
    this.#used[STORE_PAGE] = 1;
  }

  /** Zeroed pages in one piece. @throws {GuestMemoryError} */
  pages(count: number): Pages {
    return this.#take(this.#find(count), count);
  }

  #take(frame: number, count: number): Pages {
    this.#used.fill(1, frame, frame + count);
    const bytes = new Uint8Array(this.#memory, frame * PAGE_BYTES, count * PAGE_BYTES).fill(0);
    let ours = true;
    return {
      frame,
      bytes,
      free: () => {
        if (ours) this.#used.fill(0, frame, frame + count);
        ours = false;
      },
    };
  }

  /**
   * Memory for devices. The IOMMU maps a domain's memory at its machine addresses.
   * @throws {DmaError} the constraints cannot be met. @throws {GuestMemoryError}
   */
  allocate(bytes: number, constraints?: DmaConstraints): DmaBuffer {
    const placement = new DmaPlacement(bytes, constraints);
    const count = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
    const pages = this.#take(this.#place(placement, count), count);
    const free = () => {
      pages.free();
    };
    const iova = BigInt(this.#base + pages.frame * PAGE_BYTES) as Iova;
    return {
      bytes: pages.bytes.subarray(0, bytes),
      iova,
      segments: placement.segments(iova),
      [Symbol.dispose]: free,
    };
  }

  /** The first frame of free pages where the buffer can stand. */
  #place(placement: DmaPlacement, count: number): number {
    for (let frame = 0; frame < this.#used.length; frame++) {
      const free = this.#used.indexOf(0, frame);
      if (free < 0) break;
      const taken = this.#used.indexOf(1, free);
      frame = taken < 0 ? this.#used.length : taken;
      const start = placement.fit(this.#base + free * PAGE_BYTES, this.#base + frame * PAGE_BYTES);
      if (start !== undefined) return (start - this.#base) / PAGE_BYTES;
    }
    // Where there is not even room, it is not the constraints that are in the way.
    this.#find(count);
    throw placement.noAddress();
  }

  #find(count: number): number {
    let run = 0;
    for (let frame = 0; frame < this.#used.length; frame++) {
      run = this.#used[frame] === 0 ? run + 1 : 0;
      if (run === count) return frame - count + 1;
    }
    const free = this.#used.filter((used) => used === 0).length;
    throw new GuestMemoryError(count * PAGE_BYTES, free * PAGE_BYTES);
  }
}
