/** Who has an interrupt line, a page of registers, an IOMMU group or a device in common with a function. */
import type { PciAddress } from '../pci/index.js';
import type { RegionInfo } from './function.js';
import type { Survey, SurveyedFunction, Wire } from './survey.js';

/** Bytes of a page: what a guest's access to memory is given by. */
const PAGE_BYTES = 4096n;

/** A page in which two functions have registers. */
export interface CommonPage {
  readonly other: SurveyedFunction;
  /** Address of the first page that both have. */
  readonly page: bigint;
  /** Index of the function's own region there, and of the other's. */
  readonly region: number;
  readonly otherRegion: number;
}

/** Found by {@link neighboursOf}; who may have the function then is for the caller to decide. */
export interface Neighbours {
  readonly own: SurveyedFunction;
  /** On the same interrupt line. Ports of bridges raise interrupts, too. */
  readonly line: readonly SurveyedFunction[];
  readonly pages: readonly CommonPage[];
  /** In its IOMMU group; bridges apart, which master the bus for nobody but those behind them. */
  readonly group: readonly SurveyedFunction[];
  /** Other functions of its device; no virtual ones, which are made to be had by others. */
  readonly device: readonly SurveyedFunction[];
}

/** Undefined when the survey knows no such function. */
export function neighboursOf({ functions }: Survey, address: PciAddress): Neighbours | undefined {
  const own = functions.find(({ summary }) => summary.address.equals(address));
  if (own === undefined) return undefined;
  const others = functions.filter((other) => other !== own);
  const devices = others.filter(({ summary }) => summary.headerType !== 1);
  return {
    own,
    line: others.filter((other) => sharesLine(own, other)),
    pages: others.flatMap((other) => commonPages(own, other)),
    group: devices.filter(({ group }) => group !== undefined && group === own.group),
    device: devices.filter(
      ({ summary, isVirtual }) => !own.isVirtual && !isVirtual && summary.address.sharesDevice(address),
    ),
  };
}

/**
 * By the host's number of the line, or by the wire: pins that meet before the host are one line whatever its number,
 * and the host does not always tell that.
 */
function sharesLine(one: SurveyedFunction, other: SurveyedFunction): boolean {
  if (one.line !== undefined && one.line === other.line) return true;
  return one.wire !== undefined && other.wire !== undefined && isSameWire(one.wire, other.wire);
}

function isSameWire(a: Wire, b: Wire): boolean {
  return a.domain === b.domain && a.bus === b.bus && a.device === b.device && a.pin === b.pin;
}

/** One for each pair of regions, its first page. */
function commonPages(own: SurveyedFunction, other: SurveyedFunction): CommonPage[] {
  const found: CommonPage[] = [];
  for (const mine of own.regions) {
    const pages = pagesOf(mine);
    if (pages === undefined) continue;
    for (const theirs of other.regions) {
      const others = pagesOf(theirs);
      if (others === undefined || others.first > pages.last || pages.first > others.last) continue;
      const first = pages.first > others.first ? pages.first : others.first;
      found.push({ other, page: first * PAGE_BYTES, region: mine.index, otherRegion: theirs.index });
    }
  }
  return found;
}

/** Numbers of the first and the last page of a memory region; undefined for ports, and where it has no address. */
function pagesOf({
  kind,
  address,
  size,
}: RegionInfo): { readonly first: bigint; readonly last: bigint } | undefined {
  if (kind !== 'memory' || address === 0n || size === 0) return undefined;
  return { first: address / PAGE_BYTES, last: (address + BigInt(size) - 1n) / PAGE_BYTES };
}
