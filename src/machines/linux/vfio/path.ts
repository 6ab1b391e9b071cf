/** How a function's device file is reached, and the IOMMU's address space that it is then in. */
import type { PciAddress } from '../../../pci/index.js';
import type { IovaRange } from './requests.js';

/** What the functions of one IOMMU group reach in memory. Sizes and addresses are multiples of the page size. */
export interface IommuSpace {
  /** Addresses that can be mapped, in order. */
  readonly ranges: readonly IovaRange[];
  /** `address` is that of this process's memory, which the kernel keeps in place. @throws {SystemCallError} */
  map(address: bigint, iova: bigint, bytes: number): void;
  /** @throws {SystemCallError} */
  unmap(iova: bigint, bytes: number): void;
}

/** The way to the functions of one group, for one process at a time. */
export interface VfioPath {
  readonly space: IommuSpace;
  /** Descriptors of groups, for a reset that reaches several functions; undefined where there are none. */
  readonly groupFd: number | undefined;
  /** Opens a function's device file, already in {@link space}. */
  openDevice(address: PciAddress): number;
  /** After the device files. */
  close(): void;
}
