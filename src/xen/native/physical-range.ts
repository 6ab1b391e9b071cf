/** A range of the machine's memory bus through /dev/mem, where a PV guest's kernel knows machine addresses. */
import { closeSync, constants, openSync } from 'node:fs';
import { MemoryRegisters } from '../../function/index.js';
import { mapFile, PAGE_SIZE, type Mapping } from '../../os/index.js';
import type { MappedRange } from '../platform.js';
import { errnoOf } from './device-file.js';
import { XenCallError } from './errors.js';

export const PHYSICAL_MEMORY = '/dev/mem';

/** For a program that owns its process: a device that vanishes under a mapping ends it with SIGBUS. */
export class PhysicalRange extends MemoryRegisters implements MappedRange {
  readonly #mapping: Mapping;

  /** @throws {XenCallError} the kernel does not map it, or Xen has not granted it to this domain. */
  static open(base: bigint, bytes: number): PhysicalRange {
    const start = Number(base % BigInt(PAGE_SIZE));
    const length = Math.ceil((start + bytes) / PAGE_SIZE) * PAGE_SIZE;
    const name = `memory at 0x${base.toString(16)}`;
    let fd: number | undefined;
    try {
      // Synchronous: the kernel maps it uncached.
      fd = openSync(PHYSICAL_MEMORY, constants.O_RDWR | constants.O_SYNC);
      const mapping = mapFile(fd, Number(base) - start, length, PHYSICAL_MEMORY);
      return new PhysicalRange(name, mapping, start, bytes);
    } catch (cause) {
      const evidence = { base: `0x${base.toString(16)}`, bytes };
      throw new XenCallError('mapping a range of the bus', errnoOf(cause), evidence, '', { cause });
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  private constructor(name: string, mapping: Mapping, start: number, bytes: number) {
    super(name, mapping.buffer, start, bytes);
    this.#mapping = mapping;
  }

  override close(): void {
    super.close();
    this.#mapping.close();
  }
}
