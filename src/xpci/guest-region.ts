/** A BAR as registers, at the address that it shows. */
import { checkRegionAccess, RegionAccessError, type Region, type RegionInfo } from '../function/index.js';
import type { GuestPlatform, MappedRange } from '../xen/platform.js';
import type { BusFunction } from './bus-function.js';

/** When the function leaves, the mapping ends: reads give all ones from then on and writes reach nothing. */
export class GuestRegion implements Region {
  readonly info: RegionInfo;
  readonly #name: string;
  readonly #onClose: () => void;
  #range: MappedRange | undefined;
  #open = true;

  /** @throws {XenCallError} the range was not granted to this guest. */
  constructor(
    name: string,
    info: RegionInfo,
    platform: GuestPlatform,
    fn: BusFunction,
    onClose: (region: GuestRegion) => void,
  ) {
    this.info = info;
    this.#name = name;
    this.#range = platform.openRange(info.kind, info.address, info.size);
    const forget = fn.onLeave(() => {
      this.#endRange();
    });
    this.#onClose = () => {
      forget();
      onClose(this);
    };
  }

  read8(offset: number): number {
    return this.#at(offset, 1)?.read8(offset) ?? 0xff;
  }

  read16(offset: number): number {
    return this.#at(offset, 2)?.read16(offset) ?? 0xffff;
  }

  read32(offset: number): number {
    return this.#at(offset, 4)?.read32(offset) ?? 0xffff_ffff;
  }

  read64(offset: number): bigint {
    return this.#at(offset, 8)?.read64(offset) ?? 0xffff_ffff_ffff_ffffn;
  }

  write8(offset: number, value: number): void {
    this.#at(offset, 1)?.write8(offset, value);
  }

  write16(offset: number, value: number): void {
    this.#at(offset, 2)?.write16(offset, value);
  }

  write32(offset: number, value: number): void {
    this.#at(offset, 4)?.write32(offset, value);
  }

  write64(offset: number, value: bigint): void {
    this.#at(offset, 8)?.write64(offset, value);
  }

  /** Undefined when the function has left. */
  #at(offset: number, width: 1 | 2 | 4 | 8): MappedRange | undefined {
    if (!this.#open) throw new RegionAccessError('REGION_CLOSED', this.#name, 'was closed');
    checkRegionAccess(this.#name, this.info.size, offset, width);
    if (width === 8 && this.info.kind === 'io')
      throw new RegionAccessError('REGION_REFUSED', this.#name, 'ports have no 64-bit access');
    return this.#range;
  }

  #endRange(): void {
    this.#range?.close();
    this.#range = undefined;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onClose();
    this.#endRange();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
