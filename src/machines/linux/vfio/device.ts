/** One function's device file of VFIO: what it has, and the requests on it. */
import { closeSync } from 'node:fs';
import { ioctl, ioctlValue, SystemCallError } from '../../../os/index.js';
import {
  DEVICE_RESETS,
  dependentCount,
  deviceInfo,
  flagsOf,
  hotReset,
  hotResetInfo,
  interruptInfo,
  parseHotResetInfo,
  parseInterruptInfo,
  parseRegionInfo,
  regionInfo,
  Request,
  wantedSize,
  type Dependent,
  type InterruptDescription,
  type RegionDescription,
} from './requests.js';

export class VfioDevice {
  readonly fd: number;
  readonly #name: string;
  /** The kernel has a reset for it. */
  readonly canReset: boolean;

  /** Takes the descriptor over. @throws {SystemCallError} */
  constructor(fd: number, name: string) {
    this.fd = fd;
    this.#name = name;
    const info = deviceInfo();
    ioctl(fd, Request.deviceInfo, info, name);
    this.canReset = (flagsOf(info) & DEVICE_RESETS) !== 0;
  }

  /** Undefined for one that it does not have. */
  region(index: number): RegionDescription | undefined {
    let info = regionInfo(index);
    try {
      ioctl(this.fd, Request.regionInfo, info, this.#name);
      if (wantedSize(info) > info.length) {
        info = regionInfo(index, wantedSize(info));
        ioctl(this.fd, Request.regionInfo, info, this.#name);
      }
    } catch (cause) {
      if (cause instanceof SystemCallError && cause.errno === 'EINVAL') return undefined;
      throw cause;
    }
    const description = parseRegionInfo(info);
    return description.size === 0 ? undefined : description;
  }

  interrupt(index: number): InterruptDescription {
    const info = interruptInfo(index);
    ioctl(this.fd, Request.interruptInfo, info, this.#name);
    return parseInterruptInfo(info);
  }

  /** @returns what the kernel returned: for messages, a number above 0 is how many vectors it could give instead. */
  setInterrupts(request: Uint8Array): number {
    return ioctl(this.fd, Request.setInterrupts, request, this.#name);
  }

  /** Waits until it is over, which takes up to a second. */
  reset(): void {
    ioctlValue(this.fd, Request.reset, 0, this.#name);
  }

  /** Functions that a reset of the whole bus or slot reaches; none where there is no such reset. */
  hotResetReach(): readonly Dependent[] {
    for (let room = 1; ;) {
      const info = hotResetInfo(room);
      try {
        ioctl(this.fd, Request.hotResetInfo, info, this.#name);
        return parseHotResetInfo(info);
      } catch (cause) {
        if (!(cause instanceof SystemCallError)) throw cause;
        if (cause.errno !== 'ENOSPC' || dependentCount(info) <= room) return [];
        room = dependentCount(info);
      }
    }
  }

  /** Resets the whole bus or slot; `groups` are the open groups of all that it reaches. */
  hotReset(groups: readonly number[]): void {
    ioctl(this.fd, Request.hotReset, hotReset(groups), this.#name);
  }

  close(): void {
    closeSync(this.fd);
  }
}
