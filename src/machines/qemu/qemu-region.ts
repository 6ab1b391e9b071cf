/** A BAR of a function in QEMU: loads and stores to the address that it had when the function was opened. */
import { checkRegionAccess, RegionAccessError, type Region, type RegionInfo } from '../../function/index.js';
import type { Qtest } from './qtest.js';

/** Each access is one command; what QEMU makes of it on the bus is what it makes of a processor's. */
export class QemuRegion implements Region {
  readonly info: RegionInfo;
  readonly #name: string;
  readonly #qtest: Qtest;
  readonly #base: number;
  readonly #onClose: () => void;
  #open = true;

  constructor(name: string, info: RegionInfo, qtest: Qtest, onClose: () => void) {
    this.info = info;
    this.#name = name;
    this.#qtest = qtest;
    this.#base = Number(info.address);
    this.#onClose = onClose;
  }

  read8(offset: number): number {
    return this.#read(offset, 1);
  }

  read16(offset: number): number {
    return this.#read(offset, 2);
  }

  read32(offset: number): number {
    return this.#read(offset, 4);
  }

  read64(offset: number): bigint {
    this.#checkWide();
    this.#check(offset, 8);
    return this.#qtest.read64(this.#base + offset);
  }

  write8(offset: number, value: number): void {
    this.#write(offset, 1, value & 0xff);
  }

  write16(offset: number, value: number): void {
    this.#write(offset, 2, value & 0xffff);
  }

  write32(offset: number, value: number): void {
    this.#write(offset, 4, value);
  }

  write64(offset: number, value: bigint): void {
    this.#checkWide();
    this.#check(offset, 8);
    this.#qtest.write64(this.#base + offset, value);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #read(offset: number, width: 1 | 2 | 4): number {
    this.#check(offset, width);
    return this.#qtest.read(this.info.kind, this.#base + offset, width);
  }

  #write(offset: number, width: 1 | 2 | 4, value: number): void {
    this.#check(offset, width);
    this.#qtest.write(this.info.kind, this.#base + offset, width, value);
  }

  #checkWide(): void {
    if (this.info.kind === 'io')
      throw new RegionAccessError('REGION_REFUSED', this.#name, 'ports have no 64-bit access');
  }

  #check(offset: number, width: 1 | 2 | 4 | 8): void {
    if (!this.#open) throw new RegionAccessError('REGION_CLOSED', this.#name, 'was closed');
    checkRegionAccess(this.#name, this.info.size, offset, width);
  }
}
