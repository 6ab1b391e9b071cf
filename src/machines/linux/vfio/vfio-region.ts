/** A region of a function that VFIO gives: mapped where that is allowed, by the kernel's own accesses elsewhere. */
import { MemoryRegisters, type Region, type RegionInfo } from '../../../function/index.js';
import { mapFile, type Mapping } from '../../../os/index.js';
import { FileRegisters } from '../file-registers.js';
import type { RegionDescription } from './requests.js';

/** The function's device file, and whether it decodes memory now. */
export interface RegionSource {
  readonly device: { readonly fd: number };
  readonly decodesMemory: boolean;
}

/** A mapped part, with its place in the region. */
interface Area {
  readonly start: number;
  readonly end: number;
  readonly registers: MemoryRegisters;
  readonly mapping: Mapping;
}

export class VfioRegion implements Region {
  readonly info: RegionInfo;
  readonly mapped?: true;
  readonly #source: RegionSource;
  readonly #file: FileRegisters;
  readonly #areas: readonly Area[];

  /**
   * @param mapped false: every access is the kernel's, and a device that vanishes is an error and no end of the process.
   * @throws {SystemCallError} of mmap.
   */
  constructor(
    name: string,
    info: RegionInfo,
    source: RegionSource,
    description: RegionDescription,
    mapped: boolean,
  ) {
    this.info = info;
    this.#source = source;
    const { fd } = source.device;
    this.#file = new FileRegisters(name, { fd, base: description.offset, size: info.size, kind: info.kind });
    const areas: Area[] = [];
    this.#areas = areas;
    try {
      for (const { offset, size } of mapped ? description.mappable : []) {
        const mapping = mapFile(fd, description.offset + offset, size, name);
        const registers = new MemoryRegisters(name, mapping.buffer, 0, size);
        areas.push({ start: offset, end: offset + size, registers, mapping });
      }
    } catch (cause) {
      this.close();
      throw cause;
    }
    if (areas.length > 0) this.mapped = true;
  }

  read8(offset: number): number {
    const area = this.#area(offset, 1);
    return area === undefined ? this.#file.read8(offset) : area.registers.read8(offset - area.start);
  }

  read16(offset: number): number {
    const area = this.#area(offset, 2);
    return area === undefined ? this.#file.read16(offset) : area.registers.read16(offset - area.start);
  }

  read32(offset: number): number {
    const area = this.#area(offset, 4);
    return area === undefined ? this.#file.read32(offset) : area.registers.read32(offset - area.start);
  }

  read64(offset: number): bigint {
    const area = this.#area(offset, 8);
    return area === undefined ? this.#file.read64(offset) : area.registers.read64(offset - area.start);
  }

  write8(offset: number, value: number): void {
    const area = this.#area(offset, 1);
    if (area === undefined) this.#file.write8(offset, value);
    else area.registers.write8(offset - area.start, value);
  }

  write16(offset: number, value: number): void {
    const area = this.#area(offset, 2);
    if (area === undefined) this.#file.write16(offset, value);
    else area.registers.write16(offset - area.start, value);
  }

  write32(offset: number, value: number): void {
    const area = this.#area(offset, 4);
    if (area === undefined) this.#file.write32(offset, value);
    else area.registers.write32(offset - area.start, value);
  }

  write64(offset: number, value: bigint): void {
    const area = this.#area(offset, 8);
    if (area === undefined) this.#file.write64(offset);
    else area.registers.write64(offset - area.start, value);
  }

  /**
   * The mapping that an access lies in, if it can be used: without decoding the kernel has taken it away, and an access
   * would end the process. All others are the file's to carry out or to refuse.
   */
  #area(offset: number, width: 1 | 2 | 4 | 8): Area | undefined {
    if (!this.#source.decodesMemory) return undefined;
    for (const area of this.#areas) if (offset >= area.start && offset + width <= area.end) return area;
    return undefined;
  }

  close(): void {
    this.#file.close();
    for (const { registers, mapping } of this.#areas) {
      registers.close();
      mapping.close();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
