/** What an element of a hide list names: one function, all functions of a device, or all of a bus. */
import { hexDigits, PciAddress } from '../pci/index.js';

/** Parts of an address, each of which may stand for all. */
export interface HidePattern {
  /** 16 bits. */
  readonly domain: number;
  /** 8 bits. */
  readonly bus: number;
  /** 5 bits; undefined: every device of the bus. */
  readonly device: number | undefined;
  /** 3 bits; undefined: every function of the device. */
  readonly function: number | undefined;
}

/** Names this address alone. */
export function patternOf({ domain, bus, device, function: fn }: PciAddress): HidePattern {
  return { domain, bus, device, function: fn };
}

export function patternMatches(pattern: HidePattern, address: PciAddress): boolean {
  return (
    pattern.domain === address.domain &&
    pattern.bus === address.bus &&
    (pattern.device ?? address.device) === address.device &&
    (pattern.function ?? address.function) === address.function
  );
}

/** True when some address is named by both. */
export function patternsOverlap(a: HidePattern, b: HidePattern): boolean {
  const meet = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined || one === other;
  return a.domain === b.domain && a.bus === b.bus && meet(a.device, b.device) && meet(a.function, b.function);
}

/** The one address that the pattern names; undefined where it names many. */
export function onlyAddress({ domain, bus, device, function: fn }: HidePattern): PciAddress | undefined {
  return device === undefined || fn === undefined ? undefined : new PciAddress(domain, bus, device, fn);
}

/** `0000:0a:00.0`, `0000:0a:00.*`, `0000:0a:*.*`, always in full. */
export function patternText({ domain, bus, device, function: fn }: HidePattern): string {
  const hex = (value: number | undefined, digits: number) =>
    value === undefined ? '*' : hexDigits(value, digits);
  return `${hex(domain, 4)}:${hex(bus, 2)}:${hex(device, 2)}.${hex(fn, 1)}`;
}

/** Each wildcard replaced by what of it is there; single functions stay, there or not. */
export function expandPatterns(
  patterns: readonly HidePattern[],
  present: readonly PciAddress[],
): readonly HidePattern[] {
  const named = patterns.flatMap((pattern) =>
    onlyAddress(pattern) === undefined
      ? present.filter((address) => patternMatches(pattern, address)).map(patternOf)
      : [pattern],
  );
  return [...new Map(named.map((pattern) => [patternText(pattern), pattern])).values()];
}
