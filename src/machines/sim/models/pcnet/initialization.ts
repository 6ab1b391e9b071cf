/** The initialization block: what the controller reads from memory when it is told to initialize. */
import type { SoftwareStyle } from './ring.js';

export interface Initialization {
  readonly mode: number;
  /** 6 bytes. */
  readonly physicalAddress: Uint8Array;
  /** 8 bytes. */
  readonly logicalAddress: Uint8Array;
  readonly receive: RingPlace;
  readonly transmit: RingPlace;
}

export interface RingPlace {
  readonly base: number;
  /** Descriptors, a power of two. */
  readonly length: number;
}

/** Bytes of the block in each layout. */
export function initializationBytes(style: SoftwareStyle): 24 | 28 {
  return style === 0 ? 24 : 28;
}

/** Longest rings, as powers of two (data sheet, "Initialization block"). */
const LONGEST_SHORT = 7;
const LONGEST_LONG = 9;

export function parseInitialization(style: SoftwareStyle, block: Uint8Array): Initialization {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const mode = view.getUint16(0, true);
  if (style === 0) {
    const place = (offset: number): RingPlace => {
      const word = view.getUint32(offset, true);
      return { base: word & 0xff_fff8, length: 2 ** Math.min(word >>> 29, LONGEST_SHORT) };
    };
    return {
      mode,
      physicalAddress: block.slice(2, 8),
      logicalAddress: block.slice(8, 16),
      receive: place(16),
      transmit: place(20),
    };
  }
  const place = (offset: number, power: number): RingPlace => ({
    base: (view.getUint32(offset, true) & 0xffff_fff0) >>> 0,
    length: 2 ** Math.min(power, LONGEST_LONG),
  });
  return {
    mode,
    physicalAddress: block.slice(4, 10),
    logicalAddress: block.slice(12, 20),
    receive: place(20, view.getUint8(2) >>> 4),
    transmit: place(24, view.getUint8(3) >>> 4),
  };
}
