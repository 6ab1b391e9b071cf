/** Finds a function's regions by sizing its base address registers. */
import type { ConfigSpace, RegionInfo } from '../function/index.js';
import { barCount, barShape, barSize, decodeRom, romOffset, romSize, type BarShape } from '../pci/index.js';

const COMMAND = 0x04;
const DECODE = 0x0003;
const HEADER_TYPE = 0x0e;
const FIRST_BAR = 0x10;
const ALL_ONES = 0xffff_ffff;
const ROM = 6;

/**
 * Writes all ones to each address register, reads what stuck, and writes the old value back (PCI Local Bus 3.0,
 * 6.2.5.1). Decoding is off meanwhile: not every back end emulates the registers, and a probed one may be the
 * hardware's.
 */
export function sizeRegions(config: ConfigSpace): RegionInfo[] {
  const headerType = config.read(HEADER_TYPE, 1);
  const command = config.read(COMMAND, 2);
  const decoding = (command & DECODE) !== 0;
  if (decoding) config.write(COMMAND, 2, command & ~DECODE);
  try {
    const regions = sizeBars(config, barCount(headerType));
    const rom = sizeRom(config, romOffset(headerType));
    return rom === undefined ? regions : [...regions, rom];
  } finally {
    if (decoding) config.write(COMMAND, 2, command);
  }
}

/** What the register answers to all ones; its old value stands again. */
function probe(config: ConfigSpace, offset: number, ones: number): { before: number; answer: number } {
  const before = config.read(offset, 4);
  config.write(offset, 4, ones);
  const answer = config.read(offset, 4);
  config.write(offset, 4, before);
  return { before, answer };
}

function sizeBars(config: ConfigSpace, count: number): RegionInfo[] {
  const probed: { before: number; answer: number }[] = [];
  for (let index = 0; index < count; index++) probed.push(probe(config, FIRST_BAR + 4 * index, ALL_ONES));
  const regions: RegionInfo[] = [];
  for (let index = 0; index < count; index++) {
    const low = probed[index];
    if (low === undefined || low.answer === 0 || low.answer === ALL_ONES) continue;
    const shape = barShape(low.answer);
    if (shape === undefined) continue;
    const high = shape.width === 64 ? probed[index + 1] : undefined;
    const size = barSize(low.answer, high?.answer);
    if (size === 0n) continue;
    regions.push(regionOf(index, shape, size, low.before, high?.before ?? 0));
    if (high !== undefined) index++;
  }
  return regions;
}

function regionOf(index: number, shape: BarShape, size: bigint, low: number, high: number): RegionInfo {
  const addressBits = shape.kind === 'io' ? ~3 : ~15;
  return {
    index,
    kind: shape.kind,
    size: Number(size),
    address: BigInt((low & addressBits) >>> 0) | (BigInt(high) << 32n),
    prefetchable: shape.kind === 'memory' && shape.prefetchable,
    wide: shape.width === 64,
  };
}

function sizeRom(config: ConfigSpace, offset: number | undefined): RegionInfo | undefined {
  if (offset === undefined) return undefined;
  // Not its lowest bit: that would enable the ROM.
  const { before, answer } = probe(config, offset, 0xffff_f800);
  const size = answer === ALL_ONES ? 0n : romSize(answer);
  if (size === 0n) return undefined;
  const address = decodeRom(before, offset)?.address ?? 0n;
  return { index: ROM, kind: 'memory', size: Number(size), address, prefetchable: false, wide: false };
}
