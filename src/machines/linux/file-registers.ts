/** Registers in a file of the kernel's: each access is one pread or pwrite of its width, which the kernel carries out. */
import { readSync, writeSync } from 'node:fs';
import { checkRegionAccess, RegionAccessError, type RegisterAccess } from '../../function/index.js';
import { errnoOf } from './sysfs.js';

/** Where the registers are in a file that is open; it stays the caller's. */
export interface FileRange {
  readonly fd: number;
  /** Bytes. */
  readonly base: number;
  readonly size: number;
  readonly kind: 'memory' | 'io';
}

export class FileRegisters implements RegisterAccess {
  readonly #name: string;
  readonly #range: FileRange;
  readonly #bytes = Buffer.alloc(4);
  #open = true;

  /** `name` is the region in a message's words. */
  constructor(name: string, range: FileRange) {
    this.#name = name;
    this.#range = range;
  }

  read8(offset: number): number {
    this.#read(offset, 1);
    return this.#bytes.readUInt8(0);
  }

  read16(offset: number): number {
    this.#read(offset, 2);
    return this.#bytes.readUInt16LE(0);
  }

  read32(offset: number): number {
    this.#read(offset, 4);
    return this.#bytes.readUInt32LE(0);
  }

  read64(offset: number): bigint {
    throw this.#noQuad(offset);
  }

  write8(offset: number, value: number): void {
    this.#write(offset, 1, value);
  }

  write16(offset: number, value: number): void {
    this.#write(offset, 2, value);
  }

  write32(offset: number, value: number): void {
    this.#write(offset, 4, value);
  }

  write64(offset: number): void {
    throw this.#noQuad(offset);
  }

  /** Kernels before 6.12 make two accesses of 4 bytes out of 8, and do not tell. */
  #noQuad(offset: number): RegionAccessError {
    const io = this.#range.kind === 'io';
    if (!io) this.#check(offset, 8);
    const why = io
      ? 'ports have no 64-bit access'
      : 'without a mapping an access has at most 32 bits: the kernel may split a longer one';
    return new RegionAccessError('REGION_REFUSED', this.#name, why);
  }

  #read(offset: number, width: 1 | 2 | 4): void {
    this.#check(offset, width);
    let count: number;
    try {
      count = readSync(this.#range.fd, this.#bytes, 0, width, this.#range.base + offset);
    } catch (cause) {
      throw this.#refused(cause);
    }
    if (count !== width)
      throw new RegionAccessError('REGION_REFUSED', this.#name, 'the kernel gave fewer bytes');
  }

  #write(offset: number, width: 1 | 2 | 4, value: number): void {
    this.#check(offset, width);
    this.#bytes.writeUInt32LE(value >>> 0, 0);
    try {
      writeSync(this.#range.fd, this.#bytes, 0, width, this.#range.base + offset);
    } catch (cause) {
      throw this.#refused(cause);
    }
  }

  #check(offset: number, width: 1 | 2 | 4 | 8): void {
    if (!this.#open) throw new RegionAccessError('REGION_CLOSED', this.#name, 'was closed');
    checkRegionAccess(this.#name, this.#range.size, offset, width);
  }

  #refused(cause: unknown): RegionAccessError {
    const errno = errnoOf(cause);
    const next = errno === 'EIO' ? 'the function does not decode it: setEnabled(true) first' : '';
    return new RegionAccessError('REGION_REFUSED', this.#name, errno, next, { cause });
  }

  /** After it every access throws. */
  close(): void {
    this.#open = false;
  }
}
