/** Which regions of different functions overlap, found for a whole machine in one sweep. */
import type { RegionInfo } from '../../function/index.js';
import type { FunctionNode } from '../topology.js';

export interface PlacedRegion {
  readonly node: FunctionNode;
  readonly region: RegionInfo;
  /** Of its addresses. */
  readonly last: bigint;
}

/** Regions that are told of one: where all overlap with all, each pair would be told of. */
const MOST_TOLD = 8;

/** Of each region that overlaps any, those that it overlaps, the first {@link MOST_TOLD} that are found. */
export function overlapsAmong(
  regions: readonly PlacedRegion[],
): ReadonlyMap<PlacedRegion, readonly PlacedRegion[]> {
  const found = new Map<PlacedRegion, PlacedRegion[]>();
  const told = (region: PlacedRegion) => found.get(region) ?? [];
  const tell = (region: PlacedRegion, other: PlacedRegion) => {
    const others = found.get(region);
    if (others === undefined) found.set(region, [other]);
    else others.push(other);
  };
  for (const kind of ['memory', 'io'] as const) {
    const inOrder = regions
      .filter(({ region }) => region.kind === kind)
      .sort((a, b) => compare(a.region.address, b.region.address));
    /** Those that began before and have not been passed: with few others told, and with enough. */
    let open: PlacedRegion[] = [];
    const full: PlacedRegion[] = [];
    for (const next of inOrder) {
      const { address } = next.region;
      const kept: PlacedRegion[] = [];
      for (const each of open) {
        if (each.last < address) continue;
        if (each.node !== next.node) {
          tell(each, next);
          if (told(next).length < MOST_TOLD) tell(next, each);
        }
        (told(each).length < MOST_TOLD ? kept : full).push(each);
      }
      open = kept;
      // Each step drops one for good, or finds one to tell.
      for (let at = 0; at < full.length && told(next).length < MOST_TOLD; at++) {
        const each = full[at];
        if (each === undefined) break;
        if (each.last < address) {
          const moved = full.pop();
          if (moved !== undefined && at < full.length) full[at--] = moved;
        } else if (each.node !== next.node && !told(next).includes(each)) tell(next, each);
      }
      (told(next).length < MOST_TOLD ? open : full).push(next);
    }
  }
  for (const others of found.values()) others.sort((a, b) => a.node.fn.address.sbdf - b.node.fn.address.sbdf);
  return found;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
