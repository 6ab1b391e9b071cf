/** What the port tells of functions and platform devices, as JSON carries it, and as the port's own values again. */
import { hexNumber } from '../pci/hex-digits.js';
import * as notations from '../pci/notations.js';
import type { RegionInfo } from './function.js';
import type { FunctionSummary } from './machine.js';
import type { PlatformDeviceSummary } from './platform.js';

/** JSON keeps 53 bits of a number, so that an address is text: `0x` and hexadecimal. */
export type WireRegion = Omit<RegionInfo, 'address'> & { readonly address: `0x${string}` };

/** {@link FunctionSummary} with the address as text, `0000:0a:00.0`. */
export type WireSummary = Omit<FunctionSummary, 'address'> & { readonly address: string };

/** {@link PlatformDeviceSummary} with addresses as text. */
export type WirePlatform = Omit<PlatformDeviceSummary, 'regions'> & {
  readonly regions: readonly WireRegion[];
};

/** Bus address as `0x` and hexadecimal: 64 bits are more than a number of JSON holds. */
export function regionToWire(region: RegionInfo): WireRegion {
  return { ...region, address: hexNumber(region.address) };
}

export function platformToWire(summary: PlatformDeviceSummary): WirePlatform {
  return { ...summary, regions: summary.regions.map(regionToWire) };
}

/** @throws {SyntaxError} the address is no number. */
export function regionFromWire<Region extends { readonly address: string }>(
  region: Region,
): Omit<Region, 'address'> & { readonly address: bigint } {
  return { ...region, address: BigInt(region.address) };
}

export function platformFromWire(summary: WirePlatform): PlatformDeviceSummary {
  return { ...summary, regions: summary.regions.map(regionFromWire) };
}

/** What JSON leaves out is undefined again. @throws {MalformedAddressError} */
export function summaryFromWire({ address, ...facts }: WireSummary): FunctionSummary {
  return {
    ...facts,
    address: notations.hex.parse(address),
    subsystemVendor: facts.subsystemVendor,
    subsystemDevice: facts.subsystemDevice,
    driver: facts.driver,
    iommuGroup: facts.iommuGroup,
  };
}
