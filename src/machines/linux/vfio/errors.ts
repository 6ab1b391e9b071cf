/** Why a function cannot be driven through VFIO. */
import { OpenslotError, type PciAddress } from '../../../pci/index.js';

/** A function of an IOMMU group, with the driver that has it. */
export interface GroupMember {
  readonly address: PciAddress;
  readonly driver: string | undefined;
}

function listed(members: readonly GroupMember[]): string {
  return members.map(({ address, driver }) => `${address} (${driver ?? 'no driver'})`).join(', ');
}

/** No IOMMU keeps the function's DMA apart from the host's memory. */
export class IommuAbsentError extends OpenslotError {
  readonly code = 'IOMMU_ABSENT';
  constructor(address: PciAddress) {
    super(
      `no IOMMU translates what ${address} does: VFIO does not give it to a program`,
      { address: String(address) },
      `switch the IOMMU on (firmware's set-up, intel_iommu=on); registers and INTx without DMA: openslot claim --for uio ${address}`,
    );
  }
}

/** The IOMMU cannot tell the function from others, and drivers of the host have those. */
export class GroupNotViableError extends OpenslotError {
  readonly code = 'IOMMU_GROUP_NOT_VIABLE';
  constructor(address: PciAddress, group: number, others: readonly GroupMember[]) {
    const next = others.map((other) => `openslot claim --for vfio ${other.address}`).join('; ');
    super(
      `the IOMMU does not tell ${address} from the others of its group ${group}, which the host drives: ${listed(others)}`,
      {
        address: String(address),
        group,
        others: others.map((other) => `${other.address} ${other.driver ?? 'none'}`),
      },
      next,
    );
  }
}

/** The file that leads to the function is somebody else's. */
export class VfioPermissionError extends OpenslotError {
  readonly code = 'VFIO_PERMISSION';
  constructor(path: string, errno: string, options?: ErrorOptions) {
    super(
      `${path} cannot be opened (${errno})`,
      { path, errno },
      `run the command as root; or as root: chown USER ${path}`,
      options,
    );
  }
}

/** Another process drives a function of the same group. */
export class VfioBusyError extends OpenslotError {
  readonly code = 'VFIO_BUSY';
  constructor(address: PciAddress, path: string, options?: ErrorOptions) {
    super(
      `another process has ${address}, or a function of its group`,
      { address: String(address), path },
      `fuser -v ${path}`,
      options,
    );
  }
}

/** What the driver needs is not there, or it refuses a step. */
export class VfioUnavailableError extends OpenslotError {
  readonly code = 'VFIO_UNAVAILABLE';
  constructor(address: PciAddress, why: string, next: string, options?: ErrorOptions) {
    super(`VFIO does not give ${address}: ${why}`, { address: String(address), why }, next, options);
  }
}

/** The kernel keeps no more memory in place for this user. */
export class LockedMemoryError extends OpenslotError {
  readonly code = 'DMA_LOCKED_LIMIT';
  constructor(bytes: number, limit: string, options?: ErrorOptions) {
    super(
      `${bytes} bytes for DMA are more than this user may keep in place (limit ${limit} bytes for all that is mapped)`,
      { bytes, limit },
      'raise it by memlock in limits.conf(5), by LimitMEMLOCK= of a service, or in the shell: ulimit -l KILOBYTES',
      options,
    );
  }
}
