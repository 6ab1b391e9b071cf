/** A machine's topology as data: root buses, bridges with their windows, and for each function who has it. */
import type { RegionInfo } from '../../function/index.js';
import { className, deviceWords, type PciAddress, type PciNames } from '../../pci/index.js';
import { linkOf, speedText } from '../link.js';
import type { FunctionNode, Topology } from '../topology.js';
import { windowsOf, type Window } from '../windows.js';

/** What a link has trained to, and what this end could. */
export interface TreeLink {
  /** `8 GT/s`; widths in lanes. */
  readonly speed: string;
  readonly width: number;
  readonly maxSpeed: string;
  readonly maxWidth: number;
  /** It runs below what this end can. */
  readonly degraded: boolean;
}

/** One function of the tree, with what is behind it where it is a bridge. */
export interface TreeFunction {
  readonly address: PciAddress;
  readonly vendor: number;
  readonly device: number;
  readonly class: string;
  /** Vendor and device in words; undefined where pci.ids has none. */
  readonly name: string | undefined;
  /** By which users call it. */
  readonly givenName: string | undefined;
  readonly driver: string | undefined;
  readonly numaNode: number | undefined;
  readonly iommuGroup: number | undefined;
  /** Name of the slot that the card is in. */
  readonly slot: string | undefined;
  readonly pool: { readonly state: string; readonly guest: string | undefined } | undefined;
  readonly link: TreeLink | undefined;
  readonly regions: readonly RegionInfo[];
  /** Of a bridge: the buses behind it, and what it passes on. */
  readonly bridge:
    | { readonly secondary: number; readonly subordinate: number; readonly windows: readonly Window[] }
    | undefined;
  readonly below: readonly TreeFunction[];
}

/** A root bus: domain 16 bits, bus 8. */
export interface TreeBus {
  readonly domain: number;
  readonly bus: number;
  readonly functions: readonly TreeFunction[];
}

/** Words for the tree; without them there are only numbers. */
export interface TreeNames {
  /** Of pci.ids. */
  readonly names?: PciNames | undefined;
  /** That functions were given, by the numbers of their addresses. */
  readonly given?: ReadonlyMap<number, string> | undefined;
}

export function treeOf(topology: Topology, names: TreeNames = {}): TreeBus[] {
  return topology.roots.map(({ domain, bus, functions }) => ({
    domain,
    bus,
    functions: functions.map((node) => treeFunction(node, names)),
  }));
}

function treeFunction(node: FunctionNode, words: TreeNames): TreeFunction {
  const { fn, fields, below } = node;
  const { names, given } = words;
  const [vendor, device] = [fields.raw('header.vendor') ?? 0xffff, fields.raw('header.device') ?? 0xffff];
  const [secondary, subordinate] = [fields.raw('header.secondary_bus'), fields.raw('header.subordinate_bus')];
  return {
    address: fn.address,
    vendor,
    device,
    class: fields.class ?? className(0xffffff),
    name: names === undefined ? undefined : deviceWords(names, vendor, device),
    givenName: given?.get(fn.address.sbdf),
    driver: fn.driver,
    numaNode: fn.numaNode,
    iommuGroup: fn.iommuGroup,
    slot: fn.physicalSlot,
    pool: fn.pool,
    link: treeLink(node),
    regions: fn.regions ?? [],
    bridge:
      secondary === undefined || subordinate === undefined
        ? undefined
        : { secondary, subordinate, windows: windowsOf(fields) },
    below: below.map((each) => treeFunction(each, words)),
  };
}

function treeLink({ fields }: FunctionNode): TreeLink | undefined {
  const link = linkOf(fields);
  // A port without anything behind it has a link that is down, with numbers that say nothing.
  if (link === undefined || link.width === 0) return undefined;
  return {
    speed: speedText(link.speed),
    width: link.width,
    maxSpeed: speedText(link.maxSpeed),
    maxWidth: link.maxWidth,
    degraded: link.speed < link.maxSpeed || link.width < link.maxWidth,
  };
}

/** `8 GT/s x4`, and what it could be where it is less. */
export function linkText({ speed, width, maxSpeed, maxWidth, degraded }: TreeLink): string {
  return degraded ? `${speed} x${width} of ${maxSpeed} x${maxWidth}` : `${speed} x${width}`;
}
