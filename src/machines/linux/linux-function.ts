/** One function of this host: its sysfs files behind the port. */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  EnableError,
  FunctionClosedError,
  isAnswered,
  RegionAccessError,
  ResetError,
  ROM_REGION,
  setDecoding,
  type PciFunction,
  type Region,
  type RegionInfo,
  type ResetMethod,
  type VirtualIds,
} from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import { LinuxConfig } from './linux-config.js';
import { MappedRegion, openResourceMemory } from './mapped-region.js';
import { PortRegion } from './port-region.js';
import { parseResourceFile } from './resource-file.js';
import { errnoOf, resetMethodsOf, writeAttribute, type Sysfs } from './sysfs.js';
import { virtualIdsOf } from './virtual-ids.js';

/** A function that no driver of user space has: registers without interrupts and DMA. */
export class LinuxFunction implements PciFunction {
  readonly address: PciAddress;
  readonly config: LinuxConfig;
  readonly regions: readonly RegionInfo[];
  readonly virtual?: VirtualIds;
  readonly #sysfs: Sysfs;
  readonly #opened = new Set<Region>();
  #isOpen = true;

  /** `beforeWrite` as {@link LinuxConfig} has it. @throws errno errors when sysfs does not show the function's files. */
  constructor(address: PciAddress, sysfs: Sysfs, beforeWrite?: () => void) {
    this.address = address;
    this.#sysfs = sysfs;
    // Before the file that stays open: a function that is gone leaves none.
    this.regions = parseResourceFile(readFileSync(sysfs.device(address, 'resource'), 'latin1'));
    const virtual = virtualIdsOf(sysfs, address);
    if (virtual !== undefined) this.virtual = virtual;
    this.config = new LinuxConfig(sysfs.device(address, 'config'), beforeWrite);
  }

  get interruptLine(): number | undefined {
    return this.#sysfs.interruptLine(this.address);
  }

  get resetMethods(): readonly ResetMethod[] {
    return resetMethodsOf(this.#sysfs, this.address);
  }

  openRegion(index: number): Region {
    if (!this.#isOpen) throw new FunctionClosedError(this.address);
    const info = this.#region(index);
    if (index === ROM_REGION) {
      throw new RegionAccessError(
        'REGION_REFUSED',
        `the ROM of ${this.address}`,
        'the kernel shows it as a file only',
        `cat ${this.#sysfs.device(this.address, 'rom')}`,
      );
    }
    const path = this.#sysfs.device(this.address, `resource${index}`);
    const onClose = () => this.#opened.delete(region);
    const region: Region =
      info.kind === 'io' ? PortRegion.open(path, info, onClose) : MappedRegion.open(path, info, onClose);
    this.#opened.add(region);
    return region;
  }

  openRegionMemory(index: number): number {
    return openResourceMemory(this.#sysfs.device(this.address, `resource${index}`), this.#region(index));
  }

  #region(index: number): RegionInfo {
    const info = this.regions.find((region) => region.index === index);
    if (info !== undefined) return info;
    throw new RegionAccessError(
      'REGION_ABSENT',
      `region ${index} of ${this.address}`,
      'there is no such region',
    );
  }

  setEnabled(enabled: boolean): void {
    try {
      writeFileSync(this.#sysfs.device(this.address, 'enable'), enabled ? '1' : '0');
    } catch (cause) {
      const errno = errnoOf(cause);
      // The kernel counts enables and lets go at 0; asking once more is no failure.
      if (!enabled && errno === 'EIO') return;
      if (errno !== 'EBUSY') throw new EnableError(this.address, enabled, errno, { cause });
      // A holder (xen-pciback, vfio-pci) is bound: it did the kernel's share, only decoding is left to switch.
      setDecoding(this.config, this.regions, enabled);
    }
  }

  async reset(): Promise<ResetMethod> {
    const method = this.resetMethods[0];
    if (method === undefined) {
      throw new ResetError('RESET_UNAVAILABLE', this.address, 'the kernel knows no reset method for it');
    }
    try {
      await writeAttribute(this.#sysfs.device(this.address, 'reset'), '1');
    } catch (cause) {
      throw new ResetError('RESET_FAILED', this.address, `${method} failed with ${errnoOf(cause)}`, {
        cause,
      });
    }
    if (!isAnswered(this.config)) {
      throw new ResetError('RESET_FAILED', this.address, `it reads all ones after ${method}`);
    }
    return method;
  }

  close(): void {
    this.#isOpen = false;
    for (const region of [...this.#opened]) region.close();
    this.config.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
