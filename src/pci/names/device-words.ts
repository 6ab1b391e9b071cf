/** A device by its names, for a person. */
import type { PciNames } from './names.js';

/** Vendor and device, or the vendor alone; undefined where pci.ids has neither. */
export function deviceWords(names: PciNames, vendor: number, device: number): string | undefined {
  return besideVendor(names, vendor, names.device(vendor, device));
}

/** The same of a subsystem. Its own vendor is named first, whoever made the device. */
export function subsystemWords(
  names: PciNames,
  [vendor, device]: readonly [number, number],
  [subsystemVendor, subsystemDevice]: readonly [number, number],
): string | undefined {
  const name = names.subsystem(vendor, device, subsystemVendor, subsystemDevice);
  return besideVendor(names, subsystemVendor, name);
}

function besideVendor(names: PciNames, vendor: number, name: string | undefined): string | undefined {
  const maker = names.vendor(vendor);
  return maker === undefined || name === undefined ? maker : `${maker} ${name}`;
}
