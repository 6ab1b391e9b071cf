/** What JSON carries as text, as the port's own values again. */
import type {
  FunctionSummary,
  PlatformDeviceSummary,
  RegionInfo,
  WirePlatform,
  WireRegion,
  WireSummary,
} from '../../function/index.js';
import { notations } from '../../pci/index.js';

export function regionOf(region: WireRegion): RegionInfo {
  return { ...region, address: BigInt(region.address) };
}

export function platformOf(summary: WirePlatform): PlatformDeviceSummary {
  return { ...summary, regions: summary.regions.map(regionOf) };
}

/** What JSON leaves out is undefined again. @throws {MalformedAddressError} */
export function summaryOf({ address, ...facts }: WireSummary): FunctionSummary {
  return {
    ...facts,
    address: notations.hex.parse(address),
    subsystemVendor: facts.subsystemVendor,
    subsystemDevice: facts.subsystemDevice,
    driver: facts.driver,
    iommuGroup: facts.iommuGroup,
  };
}
