/** A region as the registers of an open file. */
import { closeSync } from 'node:fs';
import { RegionAccessError, type Region, type Resources } from '../../function/index.js';
import { FileError } from './device-file.js';
import type { Registers } from './register-file.js';

export class RegionRegisters implements Registers {
  readonly memory?: number;
  readonly #region: Region;
  readonly #usable: boolean;

  /**
   * @param mayMap whether this process may make accesses that end it when the device vanishes.
   * @throws {RegionAccessError}
   */
  constructor(device: Resources, index: number, mayMap: boolean) {
    this.#region = device.openRegion(index);
    this.#usable = mayMap || this.#region.mapped !== true;
    const memory = memoryOf(device, index);
    if (memory !== undefined) this.memory = memory;
  }

  read(offset: number, width: 1 | 2 | 4): number {
    this.#check();
    if (width === 4) return this.#region.read32(offset);
    return width === 2 ? this.#region.read16(offset) : this.#region.read8(offset);
  }

  write(offset: number, width: 1 | 2 | 4, value: number): void {
    this.#check();
    if (width === 4) this.#region.write32(offset, value);
    else if (width === 2) this.#region.write16(offset, value);
    else this.#region.write8(offset, value);
  }

  read64(offset: number): bigint {
    this.#check();
    return this.#region.read64(offset);
  }

  write64(offset: number, value: bigint): void {
    this.#check();
    this.#region.write64(offset, value);
  }

  close(): void {
    this.#region.close();
    if (this.memory !== undefined) closeSync(this.memory);
  }

  #check(): void {
    if (!this.#usable) throw new FileError('EOPNOTSUPP', 'only a mapping reaches these registers');
  }
}

/** Undefined where the region cannot be mapped by itself. */
function memoryOf(device: Resources, index: number): number | undefined {
  try {
    return device.openRegionMemory?.(index);
  } catch (error) {
    if (!(error instanceof RegionAccessError)) throw error;
    return undefined;
  }
}
