/** Finds a function's regions by sizing its base address registers. */
import { ROM_REGION, type ConfigSpace, type RegionInfo } from './function.js';
import {
  barAddress,
  barCount,
  barShape,
  barSize,
  CommandBit,
  decodeRom,
  Header,
  romOffset,
  romSize,
  type BarShape,
} from '../pci/index.js';

const DECODE = CommandBit.io | CommandBit.memory;
const ALL_ONES = 0xffff_ffff;

/**
 * Writes all ones to each address register, reads what stuck, and writes the old value back (PCI Local Bus 3.0,
 * 6.2.5.1). Decoding is off meanwhile: not every back end emulates the registers, and a probed one may be the
 * hardware's.
 */
export function sizeRegions(config: ConfigSpace): RegionInfo[] {
  const headerType = config.read(Header.type, 1);
  const command = config.read(Header.command, 2);
  const decoding = (command & DECODE) !== 0;
  if (decoding) config.write(Header.command, 2, command & ~DECODE);
  try {
    const regions = sizeBars(config, barCount(headerType));
    const rom = sizeRom(config, romOffset(headerType));
    return rom === undefined ? regions : [...regions, rom];
  } finally {
    if (decoding) config.write(Header.command, 2, command);
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
  for (let index = 0; index < count; index++)
    probed.push(probe(config, Header.firstBar + 4 * index, ALL_ONES));
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
  return {
    index,
    kind: shape.kind,
    size: Number(size),
    address: barAddress(low, high),
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
  return { index: ROM_REGION, kind: 'memory', size: Number(size), address, prefetchable: false, wide: false };
}
