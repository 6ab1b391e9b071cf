/** A topology as lines of text: one for each function, drawn below the bridge that leads to it. */
import { hexDigits, notations } from '../../pci/index.js';
import type { Window } from '../windows.js';
import { linkText, type TreeBus, type TreeFunction } from './tree.js';

/** Of {@link treeLines}. */
export interface TreeTextOptions {
  /** Windows of bridges and regions of devices, a line below each. */
  readonly ranges: boolean;
  /** Marks what is worth a look; the text as it is where absent. */
  readonly emphasize?: (text: string) => string;
}

/** Without line ends; root buses are lines of their own. */
export function treeLines(buses: readonly TreeBus[], options: TreeTextOptions): string[] {
  return buses.flatMap(({ domain, bus, functions }) => [
    `${hexDigits(domain, 4)}:${hexDigits(bus, 2)}`,
    ...functions.flatMap((fn, index) => functionLines(fn, '', index === functions.length - 1, options)),
  ]);
}

function functionLines(
  fn: TreeFunction,
  before: string,
  isLast: boolean,
  options: TreeTextOptions,
): string[] {
  const inside = `${before}${isLast ? '   ' : '│  '}`;
  const { below } = fn;
  const lines = [`${before}${isLast ? '└─ ' : '├─ '}${about(fn, options)}`];
  const hangs = below.length > 0 ? '│  ' : '   ';
  if (options.ranges) lines.push(...ranges(fn).map((range) => `${inside}${hangs}        ${range}`));
  below.forEach((each, index) => {
    lines.push(...functionLines(each, inside, index === below.length - 1, options));
  });
  return lines;
}

function about(fn: TreeFunction, { emphasize = (text) => text }: TreeTextOptions): string {
  const { address, bridge, link, driver, iommuGroup, numaNode, slot, pool, name, givenName } = fn;
  const to = bridge === undefined ? '' : ` to ${busesText(bridge.secondary, bridge.subordinate)}`;
  const parts = [
    `${notations.shortHex.format(address)}  ${fn.class}${to}`,
    givenName === undefined ? undefined : `named ${emphasize(givenName)}`,
    name,
    link === undefined ? undefined : link.degraded ? emphasize(linkText(link)) : linkText(link),
    driver === undefined ? undefined : `driver ${driver}`,
    iommuGroup === undefined ? undefined : `group ${iommuGroup}`,
    numaNode === undefined ? undefined : `node ${numaNode}`,
    slot === undefined ? undefined : `slot ${slot}`,
    pool === undefined ? undefined : emphasize(pool.guest ?? pool.state),
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function busesText(secondary: number, subordinate: number): string {
  return secondary === subordinate
    ? hexDigits(secondary, 2)
    : `${hexDigits(secondary, 2)}-${hexDigits(subordinate, 2)}`;
}

function ranges({ bridge, regions }: TreeFunction): string[] {
  const windows = bridge?.windows.map(windowText) ?? [];
  const own = regions.map(({ index, kind, address, size }) => {
    const what = index === 6 ? 'ROM' : `BAR${index}`;
    const where = address === 0n ? 'no address' : rangeText(address, address + BigInt(size) - 1n);
    return `${what} ${kind === 'io' ? 'ports' : 'memory'} ${where}`;
  });
  return [...windows, ...own];
}

function windowText({ kind, base, limit, enabled }: Window): string {
  const what = kind === 'io' ? 'ports' : kind === 'memory' ? 'memory' : 'prefetchable memory';
  return `passes ${what} ${rangeText(base, limit)}${enabled ? '' : ' (decoding is off)'}`;
}

function rangeText(first: bigint, last: bigint): string {
  return `${first.toString(16)}-${last.toString(16)}`;
}
