/** An I/O BAR through `resourceN`: the kernel turns a pread or pwrite of 1, 2 or 4 bytes into one port access. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { checkRegionAccess, RegionAccessError, type Region, type RegionInfo } from '../../function/index.js';
import { errnoOf } from './sysfs.js';

export class PortRegion implements Region {
  readonly info: RegionInfo;
  readonly #name: string;
  readonly #bytes = Buffer.alloc(4);
  #fd: number | undefined;

  /** @throws {RegionAccessError} */
  constructor(path: string, info: RegionInfo) {
    this.info = info;
    this.#name = `region ${info.index} (${path})`;
    try {
      this.#fd = openSync(path, 'r+');
    } catch (cause) {
      throw new RegionAccessError('REGION_REFUSED', this.#name, errnoOf(cause), 'run the command as root', {
        cause,
      });
    }
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

  read64(): bigint {
    throw new RegionAccessError('REGION_REFUSED', this.#name, 'ports have no 64-bit access');
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

  write64(): void {
    throw new RegionAccessError('REGION_REFUSED', this.#name, 'ports have no 64-bit access');
  }

  #read(offset: number, width: 1 | 2 | 4): void {
    const fd = this.#checked(offset, width);
    try {
      readSync(fd, this.#bytes, 0, width, offset);
    } catch (cause) {
      throw new RegionAccessError('REGION_REFUSED', this.#name, errnoOf(cause), '', { cause });
    }
  }

  #write(offset: number, width: 1 | 2 | 4, value: number): void {
    const fd = this.#checked(offset, width);
    this.#bytes.writeUInt32LE(value >>> 0, 0);
    try {
      writeSync(fd, this.#bytes, 0, width, offset);
    } catch (cause) {
      throw new RegionAccessError('REGION_REFUSED', this.#name, errnoOf(cause), '', { cause });
    }
  }

  #checked(offset: number, width: 1 | 2 | 4): number {
    if (this.#fd === undefined) throw new RegionAccessError('REGION_CLOSED', this.#name, 'was closed');
    checkRegionAccess(this.#name, this.info.size, offset, width);
    return this.#fd;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
