/** A range of the machine's bus inside a domain: each access is a call, and so one access of the bus. */
import { checkRegionAccess, RegionAccessError } from '../../../function/index.js';
import type { MappedRange } from '../../platform.js';
import { Call } from '../control-block.js';
import type { Calls } from './calls.js';

export class LocalRange implements MappedRange {
  readonly #calls: Calls;
  readonly #name: string;
  readonly #bytes: number;
  readonly #io: boolean;
  #handle: number | undefined;

  /** @throws {XenCallError} it was not granted to this domain. */
  constructor(calls: Calls, kind: 'memory' | 'io', base: bigint, bytes: number) {
    this.#calls = calls;
    this.#bytes = bytes;
    this.#io = kind === 'io';
    this.#name = `${this.#io ? 'ports' : 'memory'} at 0x${base.toString(16)}`;
    this.#handle = calls.result(
      `mapping ${this.#name}`,
      Call.mapRange,
      this.#io ? 1 : 0,
      Number(BigInt.asIntN(32, base)),
      Number(BigInt.asIntN(32, base >> 32n)),
      bytes,
    );
  }

  read8(offset: number): number {
    return this.#read(offset, 1) & 0xff;
  }

  read16(offset: number): number {
    return this.#read(offset, 2) & 0xffff;
  }

  read32(offset: number): number {
    return this.#read(offset, 4) >>> 0;
  }

  read64(offset: number): bigint {
    this.#refuseWide();
    const low = this.#read(offset, 8) >>> 0;
    return (BigInt(this.#calls.high >>> 0) << 32n) | BigInt(low);
  }

  write8(offset: number, value: number): void {
    this.#write(offset, 1, value, 0);
  }

  write16(offset: number, value: number): void {
    this.#write(offset, 2, value, 0);
  }

  write32(offset: number, value: number): void {
    this.#write(offset, 4, value, 0);
  }

  write64(offset: number, value: bigint): void {
    this.#refuseWide();
    this.#write(offset, 8, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  }

  #refuseWide(): void {
    if (this.#io) throw new RegionAccessError('REGION_REFUSED', this.#name, 'ports have no 64-bit access');
  }

  #read(offset: number, width: 1 | 2 | 4 | 8): number {
    this.#calls.call(Call.read, this.#check(offset, width), offset, width);
    return this.#calls.low;
  }

  #write(offset: number, width: 1 | 2 | 4 | 8, low: number, high: number): void {
    this.#calls.call(Call.write, this.#check(offset, width), offset, width, low, high);
  }

  /** @returns the handle. */
  #check(offset: number, width: 1 | 2 | 4 | 8): number {
    if (this.#handle === undefined) throw new RegionAccessError('REGION_CLOSED', this.#name, 'was closed');
    checkRegionAccess(this.#name, this.#bytes, offset, width);
    return this.#handle;
  }

  close(): void {
    if (this.#handle !== undefined) this.#calls.call(Call.unmapRange, this.#handle);
    this.#handle = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
