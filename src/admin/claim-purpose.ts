/** What a function is claimed for, which decides the driver that keeps it. */
import { BESIDE_VFIO, PROGRAM_HOLDERS, type HostDrivers, type Machine } from '../function/index.js';
import { OpenslotError, type PciAddress } from '../pci/index.js';
import { XEN_HOLDER } from '../pciback/index.js';

/** Guests of Xen; programs through VFIO; programs without an IOMMU, which get registers and INTx. */
export const CLAIM_PURPOSES = ['xen', 'vfio', 'uio'] as const;
export type ClaimPurpose = (typeof CLAIM_PURPOSES)[number];

/** What the host lacks for the purpose. */
export class ClaimPurposeError extends OpenslotError {
  readonly code = 'CLAIM_PURPOSE';
  constructor(address: PciAddress, purpose: ClaimPurpose, why: string, next: string) {
    super(
      `${address} cannot be claimed for ${purpose}: ${why}`,
      { address: String(address), purpose, why },
      next,
    );
  }
}

/** A function that must be claimed as well before VFIO gives another one of its group. */
export interface GroupMember {
  readonly address: PciAddress;
  readonly driver: string;
}

/**
 * The driver that keeps a function claimed for this; undefined: none. Nothing said, it is Xen's where Xen runs and none
 * elsewhere, which every host can do and which leaves the groups of the IOMMU as they are.
 * @throws {ClaimPurposeError}
 */
export function holderFor(
  purpose: ClaimPurpose | undefined,
  address: PciAddress,
  host: { readonly machine: Machine; readonly drivers: HostDrivers; readonly onXen: boolean },
): string | undefined {
  const { machine, drivers, onXen } = host;
  switch (purpose) {
    case 'vfio':
      if (groupOf(machine, address) === undefined)
        throw new ClaimPurposeError(
          address,
          purpose,
          'no IOMMU translates what it does',
          `switch the IOMMU on; without it: openslot claim --for uio ${address}`,
        );
      return PROGRAM_HOLDERS.vfio;
    case 'uio':
      return PROGRAM_HOLDERS.uio;
    case 'xen':
      if (!onXen)
        throw new ClaimPurposeError(
          address,
          purpose,
          'no Xen runs on this host',
          `openslot claim --for vfio ${address}`,
        );
      break;
    case undefined:
      break;
  }
  return onXen && drivers.has(XEN_HOLDER) ? XEN_HOLDER : undefined;
}

function groupOf(machine: Machine, address: PciAddress): number | undefined {
  return machine.list().find((fn) => fn.address.equals(address))?.iommuGroup;
}

/**
 * Functions of the same group that drivers of the host have: while they do, VFIO gives none of the group. What is
 * claimed together with it need not be claimed any more.
 */
export function othersOfGroup(
  machine: Machine,
  address: PciAddress,
  together: readonly PciAddress[],
): readonly GroupMember[] {
  const functions = machine.list();
  const group = functions.find((fn) => fn.address.equals(address))?.iommuGroup;
  if (group === undefined) return [];
  return functions.flatMap(({ address: other, iommuGroup, driver }) =>
    iommuGroup === group &&
    !together.some((one) => one.equals(other)) &&
    driver !== undefined &&
    !BESIDE_VFIO.has(driver)
      ? [{ address: other, driver }]
      : [],
  );
}
