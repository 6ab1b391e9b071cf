/** Why a BAR is missing, does not answer, or answers together with another. */
import { ROM_REGION, type RegionInfo } from '../../function/index.js';
import { windowsOf } from '../windows.js';
import type { FunctionNode, Topology } from '../topology.js';
import { overlapsAmong, type PlacedRegion } from './overlaps.js';
import { nameOf, type Found, type Rule } from './rule.js';

function nameOfRegion({ index }: RegionInfo): string {
  return index === ROM_REGION ? 'the ROM' : `BAR${index}`;
}

function lastOf({ address, size }: RegionInfo): bigint {
  return address + BigInt(size) - 1n;
}

function rangeText(region: RegionInfo): string {
  return `${region.address.toString(16)}-${lastOf(region).toString(16)}`;
}

/** Regions with an address; the ROM only where it is switched on. */
function placed({ fn, fields }: FunctionNode): readonly RegionInfo[] {
  return (fn.regions ?? []).filter(
    ({ index, address, size }) =>
      address !== 0n && size > 0 && (index !== ROM_REGION || fields.isSet('header.rom.enable')),
  );
}

const unassigned: Rule = {
  code: 'BAR_UNASSIGNED',
  weight: 'fault',
  why: 'firmware or the kernel found no room: the windows of the bridges above are too small, or all below 4 GiB is taken',
  next: '"Above 4G decoding" in the firmware setup, or pci=realloc on the kernel command line; the windows: openslot tree --ranges',
  look({ node }) {
    return (
      (node.fn.regions ?? [])
        // A ROM has no address where nobody wants it.
        .filter(({ index, address, size }) => index !== ROM_REGION && address === 0n && size > 0)
        .map((region) => ({
          what: `${nameOfRegion(region)}, ${region.size} bytes of ${region.kind === 'io' ? 'ports' : 'memory'}, has no address`,
          evidence: { region: region.index, bytes: region.size, kind: region.kind },
        }))
    );
  },
};

const disabled: Rule = {
  code: 'BAR_DISABLED',
  weight: 'note',
  why: 'until then its registers read as all ones, and writes are lost',
  next: '',
  look({ node }) {
    return (['memory', 'io'] as const).flatMap((kind): Found[] => {
      const bit = `header.command.${kind}`;
      const asleep = placed(node).filter((region) => region.kind === kind && region.index !== ROM_REGION);
      if (asleep.length === 0 || node.fields.raw(bit) !== 0) return [];
      return [
        {
          what: `${asleep.map(nameOfRegion).join(', ')} ${asleep.length === 1 ? 'has an address' : 'have addresses'}, and decoding of ${kind === 'io' ? 'ports' : 'memory'} is off`,
          next: `a driver switches it on; by hand: openslot set ${nameOf(node)} ${bit}=on`,
          evidence: { regions: asleep.map(nameOfRegion), field: bit },
        },
      ];
    });
  },
};

const outsideWindow: Rule = {
  code: 'BAR_OUTSIDE_WINDOW',
  weight: 'fault',
  why: 'the bridge does not pass accesses to it on, so nothing answers',
  next: 'let the kernel place it anew (remove the bridge in sysfs and rescan), or pci=realloc on its command line',
  look({ node }) {
    const { above } = node;
    if (above === undefined || above.fields.raw('header.memory_base.address') === undefined) return [];
    const windows = windowsOf(above.fields);
    return placed(node).flatMap((region): Found[] => {
      const [first, last] = [region.address, lastOf(region)];
      const passed = windows.some(
        ({ kind, base, limit }) =>
          (kind === 'io') === (region.kind === 'io') && base <= first && last <= limit,
      );
      // Bridges that decode subtractively pass on what nobody else takes (PCI-to-PCI Bridge Architecture 1.2, 13.2).
      if (passed || above.fields.raw('header.prog_if') === 1) return [];
      return [
        {
          what: `${nameOfRegion(region)} at ${rangeText(region)} is in no window of ${nameOf(above)}, the bridge above`,
          evidence: { region: region.index, range: rangeText(region), bridge: nameOf(above) },
        },
      ];
    });
  },
};

interface Overlap {
  readonly mine: PlacedRegion;
  readonly theirs: PlacedRegion;
}

/** Found once for a machine, and asked for by each of its functions. */
const overlapsOf = new WeakMap<Topology, ReadonlyMap<FunctionNode, readonly Overlap[]>>();

function overlapsIn(topology: Topology): ReadonlyMap<FunctionNode, readonly Overlap[]> {
  const known = overlapsOf.get(topology);
  if (known !== undefined) return known;
  const regions = [...topology.all()].flatMap((node) =>
    placed(node).map((region) => ({ node, region, last: lastOf(region) })),
  );
  const found = new Map<FunctionNode, Overlap[]>();
  for (const [mine, others] of overlapsAmong(regions)) {
    const all = found.get(mine.node) ?? [];
    found.set(mine.node, all);
    for (const theirs of others) all.push({ mine, theirs });
  }
  for (const all of found.values()) all.sort((a, b) => a.mine.region.index - b.mine.region.index);
  overlapsOf.set(topology, found);
  return found;
}

const overlap: Rule = {
  code: 'BAR_OVERLAP',
  weight: 'fault',
  why: 'both answer, and what is read is neither',
  next: 'switch one of them off (header.command), and let the kernel place it anew',
  look({ node, topology }) {
    return (overlapsIn(topology).get(node) ?? []).map(({ mine, theirs }): Found => {
      const [range, other, otherRange] = [
        rangeText(mine.region),
        nameOf(theirs.node),
        rangeText(theirs.region),
      ];
      return {
        what: `${nameOfRegion(mine.region)} at ${range} overlaps ${nameOfRegion(theirs.region)} of ${other} at ${otherRange}`,
        evidence: { range, other, otherRange },
      };
    });
  },
};

export const regionRules: readonly Rule[] = [unassigned, outsideWindow, overlap, disabled];
