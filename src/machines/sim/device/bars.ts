/** The BARs of a simulated function: where its regions stand by what its registers hold. */
import { barShapeOf, type ConfigSpace, type RegionInfo } from '../../../function/index.js';
import { barMask, barTypeBits, Header } from '../../../pci/index.js';
import type { RegionShape } from '../device-model.js';
import type { RegisterSetup } from './config-registers.js';

const HIGH = 0x1_0000_0000;
/** First address that is none of this machine's: memory has 52 bits, ports have 16. A BAR being sized stands beyond. */
const ADDRESS_END = { memory: 2 ** 52, io: 0x1_0000 } as const;

/** A BAR that answers: its region, its first address and the first one after it. */
export interface PlacedBar {
  readonly region: number;
  readonly base: number;
  readonly end: number;
}

/** Setups of the six BAR registers by name: those without a region read 0. @throws {BarSizeError} */
export function barSetups(regions: readonly RegionShape[]): Record<string, RegisterSetup> {
  const setups: Record<string, RegisterSetup> = {};
  for (let index = 0; index < 6; index++) setups[`bar${index}`] = { writable: 0 };
  for (const region of regions) {
    const { kind, prefetchable = false, wide = false } = region;
    const shape = barShapeOf({ kind, prefetchable, wide });
    const mask = barMask(shape, BigInt(region.size));
    setups[`bar${region.index}`] = { initial: barTypeBits(shape), writable: mask.low };
    if (shape.width === 64) setups[`bar${region.index + 1}`] = { writable: mask.high };
  }
  return setups;
}

function addressOf({ index, kind, wide }: RegionShape, config: ConfigSpace): number {
  const low = config.read(Header.firstBar + 4 * index, 4);
  if (kind === 'io') return (low & ~3) >>> 0;
  const high = wide === true ? config.read(Header.firstBar + 4 * index + 4, 4) : 0;
  return high * HIGH + ((low & ~15) >>> 0);
}

/** The regions of a space that stand somewhere; address 0 is none. */
export function placedBars(
  regions: readonly RegionShape[],
  config: ConfigSpace,
  space: 'memory' | 'io',
): PlacedBar[] {
  const placed: PlacedBar[] = [];
  for (const region of regions) {
    if (region.kind !== space) continue;
    const base = addressOf(region, config);
    const end = base + region.size;
    if (base !== 0 && end <= ADDRESS_END[space]) placed.push({ region: region.index, base, end });
  }
  return placed;
}

/** The regions with the addresses that the registers hold. */
export function regionInfos(regions: readonly RegionShape[], config: ConfigSpace): RegionInfo[] {
  return regions.map((region) => {
    const { index, kind, size, prefetchable = false, wide = false } = region;
    return { index, kind, size, address: BigInt(addressOf(region, config)), prefetchable, wide };
  });
}
