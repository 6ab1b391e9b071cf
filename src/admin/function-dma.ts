/** The end of a function's DMA into its guest: taken from the guest's IOMMU context into quarantine. */
import { notations, type PciAddress } from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import { XenCallError, type XenPlatform } from '../xen/index.js';
import { libxlPath } from './guests.js';

/** What Xen says of a function that the guest does not have, or has lost with its end. */
const NOT_ASSIGNED: ReadonlySet<string> = new Set(['ENODEV', 'ESRCH', 'EINVAL']);

/** Once is enough: one that is in quarantine already stays. @throws {XenCallError} */
export function endDma(
  { assignment }: Pick<XenPlatform, 'assignment'>,
  guest: DomainId,
  address: PciAddress,
): void {
  try {
    assignment.deassign(guest, address);
  } catch (error) {
    if (!(error instanceof XenCallError && NOT_ASSIGNED.has(error.errno))) throw error;
  }
}

/**
 * Before a function that comes back is reset: what it still sends then reaches nothing. Only for what our tool stack has
 * given, which its record says: libxl takes its functions out of the guest's context itself, after the reset.
 */
export async function endDmaBeforeReset(
  platform: XenPlatform,
  guest: DomainId,
  address: PciAddress,
): Promise<void> {
  const root = `${libxlPath(guest)}/openslot`;
  const name = notations.libxl.format(address);
  for (const uuid of (await platform.store.list(root)) ?? [])
    if ((await platform.store.read(`${root}/${uuid}/${name}`)) !== undefined)
      endDma(platform, guest, address);
}
