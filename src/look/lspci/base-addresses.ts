/** Where the regions of a function are: as its host says where it does, else as its base address registers say. */
import type { RegionInfo } from '../../function/index.js';
import { barTypeBits, type RegisterReader } from '../../pci/index.js';

/** One BAR of a header. */
export interface BaseAddress {
  /** On the host's bus; 0n where none is assigned. */
  readonly address: bigint;
  /** Bytes; 0n where nobody told. */
  readonly size: bigint;
  /** What it is, as the low bits of a register say it. */
  readonly type: number;
  /** Its register holds an address. */
  readonly programmed: boolean;
  /** The host has it and the register does not: the BARs of a virtual function are in another function's registers. */
  readonly virtual: boolean;
}

const ALL_ONES = 0xffffffff;
const IO_SPACE = 1;
const WIDE = 4;

/** Address bits of a BAR's low half. */
const addressBits = (raw: number) => ((raw & IO_SPACE) !== 0 ? raw & ~3 : raw & ~15) >>> 0;
/** A memory BAR of 64 bits. */
export const isWide = (type: number) => (type & 7) === WIDE;
export const isIo = (type: number) => (type & IO_SPACE) !== 0;

/** By index; undefined for one that is not there and for the upper half of another. */
export function baseAddresses(
  header: RegisterReader,
  count: number,
  regions: readonly RegionInfo[] | undefined,
): readonly (BaseAddress | undefined)[] {
  const found: (BaseAddress | undefined)[] = [];
  for (let index = 0; index < count; index++) {
    const raw = header.read(0x10 + 4 * index, 4);
    // All ones is what a register that is not there may read.
    const low = raw === ALL_ONES ? 0 : raw;
    const high = isWide(low) && index + 1 < count ? header.read(0x14 + 4 * index, 4) : 0;
    const region = regions?.find((one) => one.index === index);
    const bar = region === undefined ? ofRegister(low, high) : ofRegion(region, low, high);
    found.push(bar);
    if (bar !== undefined && isWide(bar.type)) {
      index++;
      if (index < count) found.push(undefined);
    }
  }
  return found;
}

function ofRegister(low: number, high: number): BaseAddress | undefined {
  if (low === 0) return undefined;
  const address = (BigInt(high) << 32n) | BigInt(addressBits(low));
  return { address, size: 0n, type: low, programmed: address !== 0n, virtual: false };
}

function ofRegion(region: RegionInfo, low: number, high: number): BaseAddress {
  const { address, prefetchable, wide } = region;
  const programmed = addressBits(low) !== 0 || high !== 0;
  const shape =
    region.kind === 'io'
      ? ({ kind: 'io', width: 32 } as const)
      : ({ kind: 'memory', width: wide ? 64 : 32, prefetchable, belowOneMegabyte: false } as const);
  const virtual = address !== 0n && !programmed;
  return {
    address,
    size: BigInt(region.size),
    type: low === 0 || virtual ? barTypeBits(shape) : low,
    programmed,
    virtual,
  };
}
