/** Which functions are virtual ones, of SR-IOV, and their ids: the kernel alone knows both. */
import type { VirtualIds } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import { parseIdentity } from './identity.js';
import type { Sysfs } from './sysfs.js';

/** Undefined for every other function. */
export function virtualIdsOf(sysfs: Sysfs, address: PciAddress): VirtualIds | undefined {
  if (!sysfs.has(address, 'physfn')) return undefined;
  const { vendor, device } = parseIdentity(sysfs.read(address, 'uevent') ?? '');
  return { vendor, device };
}
