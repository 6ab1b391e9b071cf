/** The functions that this process drives through VFIO: each is opened once, whatever the number of its views. */
import type { PciAddress } from '../../../pci/index.js';
import { Shared } from '../shared.js';
import type { Sysfs } from '../sysfs.js';
import { DrivenFunction } from './driven-function.js';
import { IommuAbsentError, type GroupMember } from './errors.js';
import { VfioGroup } from './group.js';
import type { VfioPath } from './path.js';
import { GroupIovas } from './vfio-dma.js';

/** The kernel's driver that gives functions to programs. */
export const VFIO_DRIVER = 'vfio-pci';

/** Drivers that leave DMA to whom they give the function, beside which a group is viable (Linux: driver_managed_dma). */
const BESIDE_VFIO: ReadonlySet<string> = new Set([VFIO_DRIVER, 'pci-stub', 'pcieport']);

/** The way to a group's functions, and the addresses that they have in common. */
interface OpenGroup {
  readonly path: VfioPath;
  readonly iovas: GroupIovas;
  close(): void;
}

/** One view's share of a {@link DrivenFunction}. */
export interface Share {
  readonly driven: DrivenFunction;
  /** No other view of this process has it. */
  readonly isLast: boolean;
  /** The last one closes the function. */
  release(): void;
}

export class VfioHost {
  readonly #sysfs: Sysfs;
  readonly #paths = new Shared<OpenGroup>();
  readonly #functions = new Shared<DrivenFunction>();

  constructor(sysfs: Sysfs) {
    this.#sysfs = sysfs;
  }

  /** @throws {IommuAbsentError} and what opening throws. */
  share(address: PciAddress): Share {
    const key = address.sbdf;
    // As it is now: one that has vanished when it is released is in none.
    const group = this.#groupOf(address);
    const { path, iovas } = this.#paths.use(group, () => this.#open(address, group));
    let driven: DrivenFunction;
    try {
      driven = this.#functions.use(key, () => new DrivenFunction(address, path, iovas));
    } catch (cause) {
      this.#paths.leave(group);
      throw cause;
    }
    const functions = this.#functions;
    const paths = this.#paths;
    let released = false;
    return {
      driven,
      get isLast() {
        return functions.users(key) === 1;
      },
      release() {
        if (released) return;
        released = true;
        functions.leave(key);
        paths.leave(group);
      },
    };
  }

  /** Group descriptors of all that a reset of a whole bus reaches; undefined where this process has not all of them. */
  groupsOf(members: readonly number[]): readonly number[] | undefined {
    const found = new Set<number>();
    for (const group of members) {
      const fd = this.#paths.peek(group)?.path.groupFd;
      if (fd === undefined) return undefined;
      found.add(fd);
    }
    return [...found];
  }

  #open(address: PciAddress, group: number): OpenGroup {
    const path = VfioGroup.open(address, group, () => this.#hostDriven(address, group));
    const close = () => {
      path.close();
    };
    return { path, iovas: new GroupIovas(path.space), close };
  }

  #groupOf(address: PciAddress): number {
    const group = this.#sysfs.readLinkName(address, 'iommu_group');
    if (group === undefined) throw new IommuAbsentError(address);
    return Number(group);
  }

  #hostDriven(address: PciAddress, group: number): readonly GroupMember[] {
    return this.#sysfs
      .groupMembers(group)
      .filter((other) => !other.equals(address))
      .map((other) => ({ address: other, driver: this.#sysfs.readLinkName(other, 'driver') }))
      .filter(({ driver }) => driver !== undefined && !BESIDE_VFIO.has(driver));
  }
}
