/** The way by group and container, which every kernel with VFIO has. */
import { closeSync } from 'node:fs';
import { ioctl, ioctlValue, SystemCallError } from '../../../os/index.js';
import type { PciAddress } from '../../../pci/index.js';
import { GroupNotViableError, VfioUnavailableError, type GroupMember } from './errors.js';
import { openVfioFile } from './open-file.js';
import type { IommuSpace, VfioPath } from './path.js';
import {
  API_VERSION,
  flagsOf,
  GROUP_VIABLE,
  groupStatus,
  iommuInfo,
  mapDma,
  parseIommuInfo,
  Request,
  TYPE1_V2,
  unmapDma,
  wantedSize,
  type IovaRange,
} from './requests.js';

const CONTAINER = '/dev/vfio/vfio';
/** What every IOMMU translates, where the kernel does not tell more. */
const LOW_ADDRESSES: readonly IovaRange[] = [{ first: 0n, last: 0xfedf_ffffn }];

/** One group in a container of its own. */
export class VfioGroup implements VfioPath {
  readonly space: IommuSpace;
  readonly groupFd: number;
  readonly #path: string;
  readonly #container: number;

  /**
   * @param others of the group, with their drivers: named when they stand in the way.
   * @throws {GroupNotViableError | VfioPermissionError | VfioBusyError | VfioUnavailableError}
   */
  static open(address: PciAddress, group: number, others: () => readonly GroupMember[]): VfioGroup {
    const path = `/dev/vfio/${group}`;
    const groupFd = openVfioFile(address, path);
    let container: number | undefined;
    try {
      const status = groupStatus();
      ioctl(groupFd, Request.groupStatus, status, path);
      if ((flagsOf(status) & GROUP_VIABLE) === 0) throw new GroupNotViableError(address, group, others());
      container = openVfioFile(address, CONTAINER);
      return new VfioGroup(path, groupFd, container, attach(address, groupFd, container));
    } catch (cause) {
      if (container !== undefined) closeSync(container);
      closeSync(groupFd);
      throw cause;
    }
  }

  private constructor(path: string, groupFd: number, container: number, space: IommuSpace) {
    this.#path = path;
    this.groupFd = groupFd;
    this.#container = container;
    this.space = space;
  }

  openDevice(address: PciAddress): number {
    try {
      return ioctl(this.groupFd, Request.getDevice, Buffer.from(`${address}\0`, 'latin1'), this.#path);
    } catch (cause) {
      const errno = cause instanceof SystemCallError ? cause.errno : String(cause);
      throw new VfioUnavailableError(
        address,
        `its device file: ${errno}`,
        `openslot claim --for vfio ${address}`,
        { cause },
      );
    }
  }

  close(): void {
    closeSync(this.groupFd);
    closeSync(this.#container);
  }
}

/** Puts the group into the container, and the container under the IOMMU. */
function attach(address: PciAddress, groupFd: number, container: number): IommuSpace {
  const version = ioctlValue(container, Request.getApiVersion, 0, CONTAINER);
  if (version !== API_VERSION || ioctlValue(container, Request.checkExtension, TYPE1_V2, CONTAINER) !== 1)
    throw new VfioUnavailableError(
      address,
      `interface version ${version} without type 1 mappings`,
      'modprobe vfio_iommu_type1',
    );
  const containerArgument = new Uint8Array(new Int32Array([container]).buffer);
  try {
    ioctl(groupFd, Request.setContainer, containerArgument, CONTAINER);
    ioctlValue(container, Request.setIommu, TYPE1_V2, CONTAINER);
  } catch (cause) {
    const errno = cause instanceof SystemCallError ? cause.errno : String(cause);
    const next =
      errno === 'EPERM'
        ? 'where the platform cannot remap interrupts, VFIO wants vfio_iommu_type1 allow_unsafe_interrupts=1; dmesg | tail'
        : 'dmesg | tail';
    throw new VfioUnavailableError(address, `its IOMMU: ${errno}`, next, { cause });
  }
  return new ContainerSpace(container);
}

class ContainerSpace implements IommuSpace {
  readonly ranges: readonly IovaRange[];
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
    let info = iommuInfo();
    ioctl(fd, Request.iommuInfo, info, CONTAINER);
    if (wantedSize(info) > info.length) {
      info = iommuInfo(wantedSize(info));
      ioctl(fd, Request.iommuInfo, info, CONTAINER);
    }
    this.ranges = parseIommuInfo(info).ranges ?? LOW_ADDRESSES;
  }

  map(address: bigint, iova: bigint, bytes: number): void {
    ioctl(this.#fd, Request.mapDma, mapDma(address, iova, bytes), CONTAINER);
  }

  unmap(iova: bigint, bytes: number): void {
    ioctl(this.#fd, Request.unmapDma, unmapDma(iova, bytes), CONTAINER);
  }
}
