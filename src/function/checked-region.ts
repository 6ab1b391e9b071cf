/** A region that refuses by itself what is no access, so that whoever carries accesses out sees only those that are made. */
import { RegionAccessError } from './errors.js';
import type { Region, RegionInfo } from './function.js';
import { checkRegionAccess } from './region-access.js';

/** Bytes of one access to a region. */
export type RegionWidth = 1 | 2 | 4 | 8;

/**
 * A base for the regions of a machine of one's own: width, alignment and range are checked, and only accesses that can
 * be made reach `makeRead` and `makeWrite`. Others throw {@link RegionAccessError}.
 */
export abstract class CheckedRegion implements Region {
  readonly info: RegionInfo;
  readonly #name: string;
  #open = true;

  /** `device` as messages name it. */
  constructor(info: RegionInfo, device: string) {
    this.info = info;
    this.#name = `region ${info.index} of ${device}`;
  }

  /** One access, which is aligned and inside; a bigint where the width is 8. */
  protected abstract makeRead(offset: number, width: RegionWidth): number | bigint;
  protected abstract makeWrite(offset: number, width: RegionWidth, value: number | bigint): void;
  /** The first close. */
  protected abstract closed(): void;

  read8(offset: number): number {
    return Number(this.#read(offset, 1));
  }

  read16(offset: number): number {
    return Number(this.#read(offset, 2));
  }

  read32(offset: number): number {
    return Number(this.#read(offset, 4));
  }

  read64(offset: number): bigint {
    return BigInt(this.#read(offset, 8));
  }

  write8(offset: number, value: number): void {
    this.#write(offset, 1, value & 0xff);
  }

  write16(offset: number, value: number): void {
    this.#write(offset, 2, value & 0xffff);
  }

  write32(offset: number, value: number): void {
    this.#write(offset, 4, value >>> 0);
  }

  write64(offset: number, value: bigint): void {
    this.#write(offset, 8, BigInt.asUintN(64, value));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.closed();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #read(offset: number, width: RegionWidth): number | bigint {
    this.#check(offset, width);
    return this.makeRead(offset, width);
  }

  #write(offset: number, width: RegionWidth, value: number | bigint): void {
    this.#check(offset, width);
    this.makeWrite(offset, width, value);
  }

  #check(offset: number, width: RegionWidth): void {
    if (!this.#open) throw new RegionAccessError('REGION_CLOSED', this.#name, 'was closed');
    if (width === 8 && this.info.kind === 'io')
      throw new RegionAccessError('REGION_REFUSED', this.#name, 'ports have no 64-bit access');
    checkRegionAccess(this.#name, this.info.size, offset, width);
  }
}
