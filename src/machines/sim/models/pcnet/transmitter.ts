/** The sending half: frames out of a ring of descriptors. */
import type { Iova } from '../../../../function/index.js';
import { SHORTEST_FRAME } from '../../network/ethernet.js';
import { Descriptor, type DescriptorRing, type RingMemory } from './ring.js';

/** Whatever a program chains together, no frame is longer: FreeBSD's, Linux's and the standard's are far below. */
const LONGEST_FRAME = 4096;
/** Second word of messages: the chain ended in the middle of a frame. */
const UNDERFLOW = 0x4000_0000;

export interface Sent {
  /** Undefined when it could not be put together. */
  readonly frame: Uint8Array | undefined;
  readonly underflow: boolean;
  readonly fault: boolean;
}

export class Transmitter {
  readonly #memory: RingMemory;
  readonly #ring: DescriptorRing;
  readonly #frame = new Uint8Array(LONGEST_FRAME);

  constructor(memory: RingMemory, ring: DescriptorRing) {
    this.#memory = memory;
    this.#ring = ring;
  }

  /** Takes one frame out of the ring. @returns undefined when the ring has none. */
  next(pad: boolean): Sent | undefined {
    const ring = this.#ring;
    let length = 0;
    for (let first = true; ; first = false) {
      if (ring.load() === 'fault') return { frame: undefined, underflow: false, fault: true };
      if (!ring.owned) {
        // Nothing more to send; or the rest of a frame that was begun is not there.
        return first ? undefined : { frame: undefined, underflow: true, fault: false };
      }
      const { address, bytes, status } = ring;
      // A buffer without the beginning of a frame is passed over.
      const stray = first && (status & Descriptor.start) === 0;
      const end = Math.min(length + bytes, LONGEST_FRAME);
      const part = this.#frame.subarray(length, end);
      if (!stray && this.#memory.dmaRead(BigInt(address) as Iova, part) === 'fault') {
        ring.finish((status & ~Descriptor.own) | Descriptor.error, UNDERFLOW);
        return { frame: undefined, underflow: false, fault: true };
      }
      length = stray ? 0 : end;
      ring.finish(status & ~(Descriptor.own | Descriptor.error), 0);
      if (stray || (status & Descriptor.end) === 0) {
        if (stray) return { frame: undefined, underflow: false, fault: false };
        continue;
      }
      const frame = new Uint8Array(pad ? Math.max(length, SHORTEST_FRAME) : length);
      frame.set(this.#frame.subarray(0, length));
      return { frame, underflow: false, fault: false };
    }
  }
}
