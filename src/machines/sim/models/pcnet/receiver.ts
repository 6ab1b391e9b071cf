/** The receiving half: which frames are for this card, and frames into a ring of descriptors. */
import type { Iova } from '../../../../function/index.js';
import { crc32, SHORTEST_FRAME } from '../../network/ethernet.js';
import { Csr, Mode } from './registers.js';
import { Descriptor, type DescriptorRing, type RingMemory } from './ring.js';

const CHECK_SEQUENCE_BYTES = 4;
/** Bits of a status word that are the program's. */
const RESERVED = 0x007f;

export class Receiver {
  readonly #memory: RingMemory;
  readonly #ring: DescriptorRing;

  constructor(memory: RingMemory, ring: DescriptorRing) {
    this.#memory = memory;
    this.#ring = ring;
  }

  /** By mode, own address and hash filter, as the registers have them (data sheet, "Address matching"). */
  accepts(frame: Uint8Array, csr: Uint16Array): boolean {
    const mode = csr[Csr.mode] ?? 0;
    if ((mode & Mode.promiscuous) !== 0) return true;
    const destination = frame.subarray(0, 6);
    if (destination.every((byte) => byte === 0xff)) return (mode & Mode.noBroadcast) === 0;
    if (((destination[0] ?? 0) & 1) === 0) return isOwn(destination, csr);
    const hash = crc32(destination) >>> 26;
    return (((csr[Csr.logicalAddress + (hash >>> 4)] ?? 0) >>> (hash & 15)) & 1) === 1;
  }

  /** The frame with its check sequence, over as many buffers as it takes. */
  take(frame: Uint8Array): 'received' | 'missed' | 'fault' {
    const ring = this.#ring;
    const bytes = withCheckSequence(frame);
    for (let place = 0; ;) {
      if (ring.load() === 'fault') return 'fault';
      if (!ring.owned) return 'missed';
      const part = bytes.subarray(place, place + ring.bytes);
      if (this.#memory.dmaWrite(BigInt(ring.address) as Iova, part) === 'fault') return 'fault';
      const isFirst = place === 0;
      place += part.length;
      const isLast = place === bytes.length;
      // Looked for before the buffer is given back: the last one says that there was no other.
      const isCut = !isLast && !ring.nextOwned;
      let status = ring.status & RESERVED;
      if (isFirst) status |= Descriptor.start;
      if (isLast) status |= Descriptor.end;
      if (isCut) status |= Descriptor.error | Descriptor.buffer;
      if (ring.finish(status, isLast ? bytes.length : 0) === 'fault') return 'fault';
      if (isLast || isCut) return 'received';
    }
  }
}

function isOwn(destination: Uint8Array, csr: Uint16Array): boolean {
  return destination.every(
    (byte, index) =>
      byte === (((csr[Csr.physicalAddress + (index >>> 1)] ?? 0) >>> (8 * (index & 1))) & 0xff),
  );
}

function withCheckSequence(frame: Uint8Array): Uint8Array {
  const length = Math.max(frame.length, SHORTEST_FRAME);
  const bytes = new Uint8Array(length + CHECK_SEQUENCE_BYTES);
  bytes.set(frame);
  new DataView(bytes.buffer).setUint32(length, ~crc32(bytes.subarray(0, length)) >>> 0, true);
  return bytes;
}
