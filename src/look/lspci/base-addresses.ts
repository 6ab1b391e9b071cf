/** Where the regions of a function are: as its host says where it does, else as its base address registers say. */
import type { RegionInfo } from '../../function/index.js';
import type { RegisterReader } from '../../pci/index.js';

/** One line of a region. */
export interface BaseAddress {
  readonly index: number;
  readonly io: boolean;
  /** On the host's bus; 0n where none is assigned. */
  readonly address: bigint;
  /** Bytes; 0n where nobody told. */
  readonly size: bigint;
  /** Bits 2:1 of a memory register, what it can hold: 0 for 32 bits, 1 below 1 MiB, 2 for 64 bits, 3 reserved. */
  readonly type: number;
  readonly prefetchable: boolean;
  /** The register has an address that the host does not use. */
  readonly ignored: boolean;
  /** The host has it and the register does not: the BARs of a virtual function are in another function's registers. */
  readonly virtual: boolean;
}

const ALL_ONES = 0xffffffff;
const IO_SPACE = 1;
const PREFETCHABLE = 8;
const WIDE = 2;

const isIo = (raw: number) => (raw & IO_SPACE) !== 0;
const typeOf = (raw: number) => (raw >> 1) & 3;
/** Address bits of a BAR's low half. */
const addressBits = (raw: number) => (raw & (isIo(raw) ? ~3 : ~15)) >>> 0;

/** The regions of a header with `count` BARs. */
export function baseAddresses(
  header: RegisterReader,
  count: number,
  regions: readonly RegionInfo[] | undefined,
): readonly BaseAddress[] {
  const raw = Array.from({ length: count }, (_, index) => header.read(0x10 + 4 * index, 4));
  if (regions === undefined) return byRegisters(raw);
  return regions.filter(({ index }) => index < count).map((region) => byHost(region, raw));
}

/** One for each register that is not 0: the upper half of an address too, as one without an address. */
function byRegisters(raw: readonly number[]): readonly BaseAddress[] {
  const found: BaseAddress[] = [];
  let upper = false;
  for (const [index, low] of raw.entries()) {
    // All ones is what a register that is not there may read.
    const there = low !== 0 && low !== ALL_ONES;
    const wide: boolean = there && !upper && !isIo(low) && typeOf(low) === WIDE;
    if (there)
      found.push({
        index,
        io: isIo(low),
        address: upper ? 0n : addressOf(low, wide, raw[index + 1]),
        size: 0n,
        type: typeOf(low),
        prefetchable: (low & PREFETCHABLE) !== 0,
        ignored: false,
        virtual: false,
      });
    upper = wide;
  }
  return found;
}

/** A 64-bit one in the last register has no place for its upper half, and so no address. */
function addressOf(low: number, wide: boolean, high: number | undefined): bigint {
  if (!wide) return BigInt(addressBits(low));
  return high === undefined ? 0n : (BigInt(high) << 32n) | BigInt(addressBits(low));
}

function byHost(region: RegionInfo, raw: readonly number[]): BaseAddress {
  const { index, size, prefetchable, wide } = region;
  const io = region.kind === 'io';
  const address = region.address & (io ? ~3n : ~15n);
  const [low = 0, high = 0] = [raw[index], wide ? raw[index + 1] : 0];
  const programmed = addressBits(low) !== 0 || high !== 0;
  return {
    index,
    io,
    address,
    size: BigInt(size),
    type: wide ? WIDE : 0,
    prefetchable,
    ignored: address === 0n && programmed,
    virtual: !io && !programmed && (address !== 0n || wide || prefetchable),
  };
}
