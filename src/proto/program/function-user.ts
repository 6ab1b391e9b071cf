/** Who drives a function on its host: a driver of the kernel's own, as against one that keeps it for programs. */
import { PROGRAM_HOLDERS, type Binding } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';

/** Drivers that keep a function for somebody in user space, or for a guest, and drive nothing themselves. */
const KEEPERS: ReadonlySet<string> = new Set([
  ...Object.values(PROGRAM_HOLDERS),
  'igb_uio',
  'pci-stub',
  'pciback',
  'xen-pciback',
]);

/** What has to be known of a machine for that. */
export interface DriverKnowledge {
  readonly drivers?: { binding(address: PciAddress): Pick<Binding, 'driver'> };
}

/** `driver nvme`; undefined where no driver drives it, and on machines without an operating system. */
export function driverInUse(machine: DriverKnowledge, address: PciAddress): string | undefined {
  const driver = machine.drivers?.binding(address).driver;
  return driver === undefined || KEEPERS.has(driver) ? undefined : `driver ${driver}`;
}
