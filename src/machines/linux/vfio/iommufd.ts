/** The way by each function's own file and iommufd, which newer kernels have beside groups and containers. */
import { closeSync, existsSync, readdirSync } from 'node:fs';
import { ioctl, memoryAddress, SystemCallError } from '../../../os/index.js';
import type { PciAddress } from '../../../pci/index.js';
import type { Sysfs } from '../sysfs.js';
import {
  allocatedIoas,
  allocateIoas,
  attachIoas,
  bindIommufd,
  IommufdRequest,
  iovaRangeCount,
  iovaRanges,
  mapIoas,
  parseIovaRanges,
  unmapIoas,
} from './iommufd-requests.js';
import { VfioUnavailableError } from './errors.js';
import { openVfioFile } from './open-file.js';
import type { IommuSpace, VfioPath } from './path.js';
import { Request, type IovaRange } from './requests.js';

const IOMMUFD = '/dev/iommu';
/** More ranges than any IOMMU reports; a page, so that the memory does not move. */
const MOST_RANGES = 256;

/** The function's own file below /dev/vfio/devices; undefined where this kernel has none, or no iommufd. */
export function deviceFile(address: PciAddress, sysfs: Sysfs): string | undefined {
  let names: string[];
  try {
    names = readdirSync(sysfs.device(address, 'vfio-dev'));
  } catch {
    return undefined;
  }
  const path = `/dev/vfio/devices/${names[0] ?? ''}`;
  return names.length > 0 && existsSync(IOMMUFD) && existsSync(path) ? path : undefined;
}

/** One address space of iommufd, for the functions of one group. */
export class IommufdPath implements VfioPath {
  readonly space: IommuSpace;
  /** A reset of the whole bus is asked with groups, and there are none here. */
  readonly groupFd = undefined;
  readonly #sysfs: Sysfs;
  readonly #fd: number;
  readonly #ioas: number;

  /** @throws {VfioPermissionError | VfioUnavailableError} */
  static open(address: PciAddress, sysfs: Sysfs): IommufdPath {
    const fd = openVfioFile(address, IOMMUFD);
    try {
      const request = allocateIoas();
      ioctl(fd, IommufdRequest.allocateIoas, request, IOMMUFD);
      return new IommufdPath(sysfs, fd, allocatedIoas(request));
    } catch (cause) {
      closeSync(fd);
      throw refused(address, 'an address space', cause);
    }
  }

  private constructor(sysfs: Sysfs, fd: number, ioas: number) {
    this.#sysfs = sysfs;
    this.#fd = fd;
    this.#ioas = ioas;
    this.space = new IoasSpace(fd, ioas);
  }

  openDevice(address: PciAddress): number {
    const path = deviceFile(address, this.#sysfs);
    if (path === undefined) throw refused(address, 'its own file', 'there is none');
    const device = openVfioFile(address, path);
    try {
      ioctl(device, Request.bindIommufd, bindIommufd(this.#fd), path);
      ioctl(device, Request.attachIoas, attachIoas(this.#ioas), path);
      return device;
    } catch (cause) {
      closeSync(device);
      throw refused(address, 'binding it to iommufd', cause);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function refused(address: PciAddress, what: string, cause: unknown): VfioUnavailableError {
  const why = cause instanceof SystemCallError ? cause.errno : String(cause);
  return new VfioUnavailableError(address, `${what}: ${why}`, 'dmesg | tail', { cause });
}

class IoasSpace implements IommuSpace {
  readonly #fd: number;
  readonly #ioas: number;

  constructor(fd: number, ioas: number) {
    this.#fd = fd;
    this.#ioas = ioas;
  }

  /** As they are now: each function that is attached can take some away. */
  get ranges(): readonly IovaRange[] {
    const memory = new Uint8Array(16 * MOST_RANGES);
    const request = iovaRanges(this.#ioas, memoryAddress(memory), MOST_RANGES);
    ioctl(this.#fd, IommufdRequest.iovaRanges, request, IOMMUFD);
    return parseIovaRanges(memory, Math.min(iovaRangeCount(request), MOST_RANGES));
  }

  map(address: bigint, iova: bigint, bytes: number): void {
    ioctl(this.#fd, IommufdRequest.map, mapIoas(this.#ioas, address, iova, bytes), IOMMUFD);
  }

  unmap(iova: bigint, bytes: number): void {
    ioctl(this.#fd, IommufdRequest.unmap, unmapIoas(this.#ioas, iova, bytes), IOMMUFD);
  }
}
