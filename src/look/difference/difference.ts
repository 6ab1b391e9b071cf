/** What is different between two captures, as data: functions, where they stand, who has them, and every field. */
import type { Capture, RegionInfo } from '../../function/index.js';
import { className, type DecodedField, type PciAddress } from '../../pci/index.js';
import { CapturedFields } from '../captured-fields.js';
import { linkOf, trainedText, type LinkEnd } from '../link.js';
import { identityOf, pairFunctions } from './pairs.js';

/** One thing that is different, of one function. */
export type Difference = { readonly address: PciAddress } & (
  | { readonly kind: 'appeared' | 'gone'; readonly identity: string; readonly class: string }
  /** The same device, by its ids and its serial number, stands at another address now. */
  | { readonly kind: 'moved'; readonly from: PciAddress; readonly identity: string; readonly class: string }
  /** Another device stands at the address. */
  | { readonly kind: 'replaced'; readonly before: string; readonly after: string }
  /** More or less of configuration space could be read: only what both have is compared. Bytes. */
  | { readonly kind: 'readable'; readonly before: number; readonly after: number }
  | {
      readonly kind: 'link';
      readonly change: 'slower' | 'faster' | 'down' | 'up' | 'other';
      readonly before: string;
      readonly after: string;
    }
  | {
      readonly kind: 'region';
      readonly index: number;
      readonly change: 'moved' | 'assigned' | 'unassigned' | 'resized' | 'appeared' | 'gone';
      readonly before: string | undefined;
      readonly after: string | undefined;
    }
  /** What the host says of it. */
  | { readonly kind: 'fact'; readonly what: string; readonly before: string; readonly after: string }
  | {
      readonly kind: 'capability';
      readonly change: 'appeared' | 'gone';
      readonly name: string;
      readonly title: string;
    }
  | {
      readonly kind: 'field';
      readonly name: string;
      readonly title: string;
      readonly before: string;
      readonly after: string;
    }
);

/** In order of address; of one function, what is told in one sentence stands before single fields. */
export function differencesBetween(before: Capture, after: Capture): Difference[] {
  const found: Difference[] = [];
  for (const pair of pairFunctions(before.functions, after.functions)) {
    const [old, now] = [pair.before, pair.after];
    if (now === undefined) {
      if (old !== undefined) found.push({ address: old.fn.address, kind: 'gone', ...shortly(old) });
    } else if (old === undefined) found.push({ address: now.fn.address, kind: 'appeared', ...shortly(now) });
    else {
      const { address } = now.fn;
      const [was, is] = [identityOf(old), identityOf(now)];
      if (!old.fn.address.equals(address))
        found.push({ address, kind: 'moved', from: old.fn.address, ...shortly(now) });
      if (was.ids === is.ids) found.push(...compareFunction(old, now));
      else found.push({ address, kind: 'replaced', before: was.ids, after: is.ids });
    }
  }
  return found;
}

function shortly(fields: CapturedFields): { readonly identity: string; readonly class: string } {
  return { identity: identityOf(fields).ids, class: fields.class ?? className(0xffffff) };
}

function compareFunction(old: CapturedFields, now: CapturedFields): Difference[] {
  const { address } = now.fn;
  const [was, is] = [old.fn.config.length, now.fn.config.length];
  const common = Math.min(was, is);
  // Decoded for this comparison, and forgotten with it: there may be ten thousand.
  const [before, after] = [shortened(old, common), shortened(now, common)];
  return [
    ...(was === is ? [] : [{ address, kind: 'readable', before: was, after: is } as const]),
    ...linkDifference(before, after),
    ...regionDifferences(before, after),
    ...factDifferences(before, after),
    ...capabilityDifferences(before, after),
    ...fieldDifferences(before, after),
  ];
}

function shortened({ fn }: CapturedFields, bytes: number): CapturedFields {
  return new CapturedFields({ ...fn, config: fn.config.subarray(0, bytes) });
}

function linkDifference(before: CapturedFields, after: CapturedFields): Difference[] {
  const [old, now] = [linkOf(before), linkOf(after)];
  if (old === undefined || now === undefined) return [];
  if (old.speed === now.speed && old.width === now.width) return [];
  const { address } = after.fn;
  return [
    {
      address,
      kind: 'link',
      change: linkChange(old, now),
      before: trainedText(old),
      after: trainedText(now),
    },
  ];
}

function linkChange(old: LinkEnd, now: LinkEnd): 'slower' | 'faster' | 'down' | 'up' | 'other' {
  if (now.width === 0) return 'down';
  if (old.width === 0) return 'up';
  if (now.speed <= old.speed && now.width <= old.width) return 'slower';
  return now.speed >= old.speed && now.width >= old.width ? 'faster' : 'other';
}

function regionDifferences(before: CapturedFields, after: CapturedFields): Difference[] {
  const { address } = after.fn;
  const [old, now] = [before.fn.regions, after.fn.regions];
  // A dump has no sizes: there the registers themselves are compared.
  if (old === undefined || now === undefined) return [];
  const indices = [...new Set([...old, ...now].map(({ index }) => index))].sort((a, b) => a - b);
  return indices.flatMap((index) => {
    const [was, is] = [old, now].map((regions) => regions.find((region) => region.index === index));
    const change = regionChange(was, is);
    if (change === undefined) return [];
    return [
      { address, kind: 'region', index, change, before: regionText(was), after: regionText(is) },
    ] as const;
  });
}

function regionChange(was: RegionInfo | undefined, is: RegionInfo | undefined) {
  if (is === undefined) return 'gone';
  if (was === undefined) return 'appeared';
  if (was.size !== is.size || was.kind !== is.kind) return 'resized';
  if (was.address === is.address) return undefined;
  if (is.address === 0n) return 'unassigned';
  return was.address === 0n ? 'assigned' : 'moved';
}

function regionText(region: RegionInfo | undefined): string | undefined {
  if (region === undefined) return undefined;
  const { kind, address, size } = region;
  const what = kind === 'io' ? 'ports' : 'memory';
  return address === 0n
    ? `${what}, ${size} bytes without an address`
    : `${what} ${address.toString(16)}-${(address + BigInt(size) - 1n).toString(16)}`;
}

const NONE = 'none';

function factDifferences(before: CapturedFields, after: CapturedFields): Difference[] {
  const { address } = after.fn;
  const [old, now] = [factsOf(before), factsOf(after)];
  return Object.entries(now).flatMap(([what, is]) => {
    const was = old[what];
    return was === undefined || was === is
      ? []
      : [{ address, kind: 'fact', what, before: was, after: is } as const];
  });
}

function factsOf({ fn }: CapturedFields): Readonly<Record<string, string>> {
  // A dump has none of them, and lacks nothing by that.
  if (fn.regions === undefined) return {};
  return {
    driver: fn.driver ?? NONE,
    'IOMMU group': String(fn.iommuGroup ?? NONE),
    'NUMA node': String(fn.numaNode ?? NONE),
    'interrupt line': String(fn.interruptLine ?? NONE),
    slot: fn.physicalSlot ?? NONE,
    'reset methods': fn.resetMethods?.join(', ') ?? NONE,
    pool: fn.pool?.state ?? NONE,
    guest: fn.pool?.guest ?? NONE,
  };
}

function capabilityDifferences(before: CapturedFields, after: CapturedFields): Difference[] {
  const { address } = after.fn;
  const [old, now] = [capabilitiesOf(before), capabilitiesOf(after)];
  const only = (these: typeof old, others: typeof old, change: 'appeared' | 'gone') =>
    [...these]
      .filter(([key]) => !others.has(key))
      .map(([, about]) => ({ address, kind: 'capability', change, ...about }) as const);
  return [...only(old, now, 'gone'), ...only(now, old, 'appeared')];
}

function capabilitiesOf({ decoded }: CapturedFields) {
  return new Map(
    decoded.capabilities.map(({ list, id, name, title }) => {
      const hex = `0x${id.toString(16)}`;
      return [`${list} ${id}`, { name: name ?? hex, title: title ?? `Capability ${hex}` }];
    }),
  );
}

/**
 * Told in one sentence by the differences above, or without meaning by themselves. What product data was read last stands
 * in its window, so that taking a capture would be a difference.
 */
const TOLD =
  /^header\.(bar\d|rom\.address)$|^pcie\.lnksta\.(speed|width)$|\.list\.(id|next|version)$|^vpd\.(address\.|data$)/;

function fieldDifferences(before: CapturedFields, after: CapturedFields): Difference[] {
  const { address } = after.fn;
  const hasRegions = before.fn.regions !== undefined && after.fn.regions !== undefined;
  const found: Difference[] = [];
  for (const field of after.all()) {
    const { name, title } = field;
    const old = before.find(name);
    if (old === undefined || old.raw === field.raw) continue;
    if (TOLD.test(name) && (hasRegions || !name.startsWith('header.'))) continue;
    found.push({ address, kind: 'field', name, title, before: valueText(old), after: valueText(field) });
  }
  return found;
}

function valueText({ value, unit }: DecodedField): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return unit === undefined ? String(value) : `${value} ${unit}`;
}
