/** Base address registers: what their bits say, and how their size is asked for and answered. */
import { BarSizeError } from './errors.js';

/** What a BAR is, apart from where it stands: the bits that software cannot change. */
export type BarShape =
  | { readonly kind: 'io'; readonly width: 32 }
  | {
      readonly kind: 'memory';
      readonly width: 32 | 64;
      readonly prefetchable: boolean;
      /** Must be placed below 1 MiB; an encoding of old devices, always 32 bits wide. */
      readonly belowOneMegabyte: boolean;
    };

/** A BAR of a function; a 64-bit one has the index and offset of its low half. */
export type Bar = BarShape & {
  readonly index: number;
  /** Offset in configuration space. */
  readonly offset: number;
  readonly address: bigint;
};

/** One dword of the BAR area. */
export type BarSlot =
  | Bar
  /** Reads 0 or all ones: not implemented, or a 32-bit memory BAR without an address. Only sizing can tell. */
  | { readonly kind: 'empty'; readonly index: number; readonly offset: number }
  /** The upper half of the 64-bit BAR before it. */
  | { readonly kind: 'upper'; readonly index: number; readonly offset: number }
  /** See the findings. */
  | { readonly kind: 'invalid'; readonly index: number; readonly offset: number; readonly raw: number };

/** What is wrong with BARs; each is decoded all the same. */
export type BarFinding =
  /** A 64-bit BAR in the last slot: there is no place for its upper half. */
  | { readonly code: 'BAR_UPPER_MISSING'; readonly index: number; readonly offset: number }
  /** Memory type 3, which no specification defines. */
  | { readonly code: 'BAR_TYPE_RESERVED'; readonly index: number; readonly offset: number };

/** The expansion ROM register. */
export interface RomBar {
  readonly offset: number;
  readonly enabled: boolean;
  /** 0n where none is assigned. */
  readonly address: bigint;
}

const FIRST_BAR = 0x10;
const ALL_ONES = 0xffffffff;
/** Smallest sizes that the address bits allow (PCI Local Bus 3.0, 6.2.5.1 and 6.2.5.2). */
const SMALLEST = { io: 4n, memory: 16n, rom: 2048n } as const;

/** BARs of a header by its header type register: 6 of a device, 2 of a PCI bridge, 1 of a CardBus bridge, else 0. */
export function barCount(headerType: number): number {
  return [6, 2, 1][headerType & 0x7f] ?? 0;
}

/** Offset of the expansion ROM register by the header type register; undefined for headers without one. */
export function romOffset(headerType: number): number | undefined {
  return [0x30, 0x38][headerType & 0x7f];
}

/** Shape by the low bits of a BAR; undefined for the reserved memory type. */
export function barShape(raw: number): BarShape | undefined {
  if ((raw & 1) !== 0) return { kind: 'io', width: 32 };
  const type = (raw >> 1) & 3;
  if (type === 3) return undefined;
  return {
    kind: 'memory',
    width: type === 2 ? 64 : 32,
    prefetchable: (raw & 8) !== 0,
    belowOneMegabyte: type === 1,
  };
}

/** The low bits that software cannot change. */
export function barTypeBits(shape: BarShape): number {
  if (shape.kind === 'io') return 1;
  return (shape.width === 64 ? 4 : shape.belowOneMegabyte ? 2 : 0) | (shape.prefetchable ? 8 : 0);
}

/**
 * Decodes the BAR area of a header, one slot per dword (PCI Local Bus 3.0, 6.2.5).
 * @param dwords the raw registers from offset 0x10 on, as many as {@link barCount} says.
 */
export function decodeBars(dwords: readonly number[]): { slots: BarSlot[]; findings: BarFinding[] } {
  const slots: BarSlot[] = [];
  const findings: BarFinding[] = [];
  for (let index = 0; index < dwords.length; index++) {
    const offset = FIRST_BAR + 4 * index;
    const raw = (dwords[index] ?? 0) >>> 0;
    if (raw === 0 || raw === ALL_ONES) {
      slots.push({ kind: 'empty', index, offset });
      continue;
    }
    const shape = barShape(raw);
    if (shape === undefined) {
      findings.push({ code: 'BAR_TYPE_RESERVED', index, offset });
      slots.push({ kind: 'invalid', index, offset, raw });
      continue;
    }
    if (shape.width === 32) {
      slots.push({ ...shape, index, offset, address: barAddress(raw, 0) });
      continue;
    }
    const upper = dwords[index + 1];
    if (upper === undefined) {
      findings.push({ code: 'BAR_UPPER_MISSING', index, offset });
      slots.push({ kind: 'invalid', index, offset, raw });
      continue;
    }
    slots.push({ ...shape, index, offset, address: barAddress(raw, upper) });
    index++;
    slots.push({ kind: 'upper', index, offset: offset + 4 });
  }
  return { slots, findings };
}

/** The address that a BAR's registers hold; `high` is that of the upper half of a 64-bit one, else 0. */
export function barAddress(low: number, high: number): bigint {
  const bits = (low & 1) !== 0 ? ~3 : ~15;
  return (BigInt(high >>> 0) << 32n) | BigInt((low & bits) >>> 0);
}

/** Decodes the expansion ROM register; undefined where it reads 0 or all ones. */
export function decodeRom(raw: number, offset: number): RomBar | undefined {
  if (raw === 0 || raw >>> 0 === ALL_ONES) return undefined;
  return { offset, enabled: (raw & 1) !== 0, address: BigInt((raw & ~0x7ff) >>> 0) };
}

/**
 * Size in bytes from what a BAR reads after all ones were written, 0n for one that is not implemented.
 * It is the lowest address bit that took the 1: I/O BARs may leave their upper 16 bits 0.
 * @param low the value of the BAR, @param high that of its upper half (64-bit BARs only).
 */
export function barSize(low: number, high = 0): bigint {
  const is64 = (low & 7) === 4;
  const bits = (low & ((low & 1) !== 0 ? ~3 : ~15)) >>> 0;
  if (bits !== 0) return BigInt((bits & -bits) >>> 0);
  return is64 && high !== 0 ? BigInt((high & -high) >>> 0) << 32n : 0n;
}

/** Size in bytes from what the expansion ROM register reads after all ones were written, 0n without a ROM. */
export function romSize(answer: number): bigint {
  const bits = (answer & ~0x7ff) >>> 0;
  return BigInt((bits & -bits) >>> 0);
}

function checkSize(what: string, size: bigint, smallest: bigint, largest: bigint): void {
  if (size < smallest || size > largest || (size & (size - 1n)) !== 0n) {
    throw new BarSizeError(what, size, smallest, largest);
  }
}

/** The two halves of a BAR; `high` is 0 for 32-bit ones. */
export interface BarDwords {
  readonly low: number;
  readonly high: number;
}

/**
 * The address bits of a BAR of this size that software can write. What a BAR holds after a write is
 * `(written & mask) | barTypeBits(shape)`, the sizing probe included.
 * @throws {BarSizeError} no power of two, or outside 4 B..2 GiB (I/O), 16 B..2 GiB or ..2^63 B (memory 32, 64).
 */
export function barMask(shape: BarShape, size: bigint): BarDwords {
  checkSize(
    `${shape.width}-bit ${shape.kind} BAR`,
    size,
    SMALLEST[shape.kind],
    1n << BigInt(shape.width - 1),
  );
  const mask = BigInt.asUintN(shape.width, -size);
  return { low: Number(mask & 0xffffffffn), high: Number(mask >> 32n) };
}

/** What a BAR of this shape and size answers when all ones were written to it. @throws {BarSizeError} as {@link barMask}. */
export function barSizingAnswer(shape: BarShape, size: bigint): BarDwords {
  const { low, high } = barMask(shape, size);
  return { low: (low | barTypeBits(shape)) >>> 0, high };
}

/** The raw registers of a BAR at an address; address bits that the shape cannot hold are dropped. */
export function encodeBar(shape: BarShape, address: bigint): BarDwords {
  const low = Number(BigInt.asUintN(32, address)) & (shape.kind === 'io' ? ~3 : ~15);
  const high = shape.width === 64 ? Number(BigInt.asUintN(32, address >> 32n)) : 0;
  return { low: (low | barTypeBits(shape)) >>> 0, high };
}

/**
 * What the expansion ROM register answers when all ones were written to it, the enable bit included.
 * @throws {BarSizeError} no power of two, or outside 2 KiB..2 GiB.
 */
export function romSizingAnswer(size: bigint): number {
  checkSize('expansion ROM', size, SMALLEST.rom, 1n << 31n);
  return Number(BigInt.asUintN(32, -size) | 1n);
}
