/** The functions that this process drives through VFIO: each is opened once, whatever the number of its views. */
import type { PciAddress } from '../../../pci/index.js';
import type { Sysfs } from '../sysfs.js';
import { DrivenFunction } from './driven-function.js';
import { IommuAbsentError, type GroupMember } from './errors.js';
import { VfioGroup } from './group.js';
import type { VfioPath } from './path.js';

/** The kernel's driver that gives functions to programs. */
export const VFIO_DRIVER = 'vfio-pci';

/** Something open, and how many use it. */
interface Counted<T> {
  readonly value: T;
  users: number;
}

/** One user's share of a {@link DrivenFunction}. */
export interface Share {
  readonly driven: DrivenFunction;
  /** The last one closes the function. */
  release(): void;
}

export class VfioHost {
  readonly #sysfs: Sysfs;
  readonly #paths = new Map<number, Counted<VfioPath>>();
  readonly #functions = new Map<number, Counted<DrivenFunction>>();
  /** As they were when it was opened: one that has vanished is in none. */
  readonly #groups = new WeakMap<DrivenFunction, number>();

  constructor(sysfs: Sysfs) {
    this.#sysfs = sysfs;
  }

  /** @throws {IommuAbsentError} and what opening throws. */
  share(address: PciAddress): Share {
    let counted = this.#functions.get(address.sbdf);
    if (counted === undefined) {
      const group = this.#groupOf(address);
      const path = this.#usePath(address, group);
      try {
        counted = { value: new DrivenFunction(address, path), users: 0 };
      } catch (cause) {
        this.#leavePath(group);
        throw cause;
      }
      this.#functions.set(address.sbdf, counted);
      this.#groups.set(counted.value, group);
    }
    const { value } = counted;
    counted.users++;
    let released = false;
    return {
      driven: value,
      release: () => {
        if (released) return;
        released = true;
        this.#leave(value);
      },
    };
  }

  #leave(driven: DrivenFunction): void {
    const counted = this.#functions.get(driven.address.sbdf);
    if (counted?.value !== driven || --counted.users > 0) return;
    this.#functions.delete(driven.address.sbdf);
    try {
      driven.close();
    } finally {
      const group = this.#groups.get(driven);
      if (group !== undefined) this.#leavePath(group);
    }
  }

  #groupOf(address: PciAddress): number {
    const group = this.#sysfs.readLinkName(address, 'iommu_group');
    if (group === undefined) throw new IommuAbsentError(address);
    return Number(group);
  }

  #usePath(address: PciAddress, group: number): VfioPath {
    let counted = this.#paths.get(group);
    if (counted === undefined) {
      const path = VfioGroup.open(address, group, () => this.#hostDriven(address, group));
      counted = { value: path, users: 0 };
      this.#paths.set(group, counted);
    }
    counted.users++;
    return counted.value;
  }

  #leavePath(group: number): void {
    const counted = this.#paths.get(group);
    if (counted === undefined || --counted.users > 0) return;
    this.#paths.delete(group);
    counted.value.close();
  }

  #hostDriven(address: PciAddress, group: number): readonly GroupMember[] {
    return this.#sysfs
      .groupMembers(group)
      .filter((other) => !other.equals(address))
      .map((other) => ({ address: other, driver: this.#sysfs.readLinkName(other, 'driver') }))
      .filter(({ driver }) => driver !== undefined && !HARMLESS_DRIVERS.has(driver));
  }
}

/** Drivers that use no DMA of the host's, beside which a group is viable (linux: driver_managed_dma). */
export const HARMLESS_DRIVERS: ReadonlySet<string> = new Set(['vfio-pci', 'pci-stub', 'pcieport', 'shpchp']);
