/** The functions that this process drives through VFIO: each is opened once, whatever the number of its views. */
import { BESIDE_VFIO, PROGRAM_HOLDERS } from '../../../function/index.js';
import type { PciAddress } from '../../../pci/index.js';
import { Shared } from '../shared.js';
import type { Sysfs } from '../sysfs.js';
import { DrivenFunction } from './driven-function.js';
import { IommuAbsentError, type GroupMember } from './errors.js';
import { VfioGroup } from './group.js';
import { deviceFile, IommufdPath } from './iommufd.js';
import type { VfioPath } from './path.js';
import type { Dependent } from './requests.js';
import { GroupIovas } from './vfio-dma.js';

/** The kernel's driver that gives functions to programs. */
export const VFIO_DRIVER = PROGRAM_HOLDERS.vfio;

/** The way to a group's functions, and the addresses that they have in common. */
class OpenGroup {
  readonly path: VfioPath;
  #iovas: GroupIovas | undefined;

  constructor(path: VfioPath) {
    this.path = path;
  }

  /** Asked for only when a function is in it: which addresses there are depends on where that stands. */
  get iovas(): GroupIovas {
    return (this.#iovas ??= new GroupIovas(this.path.space));
  }

  close(): void {
    this.path.close();
  }
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
    const open = this.#paths.use(group, () => this.#open(address, group));
    let driven: DrivenFunction;
    try {
      driven = this.#functions.use(key, () => new DrivenFunction(address, open.path, () => open.iovas));
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

  /**
   * What a reset of the whole bus is asked with: the open groups of all that it reaches. Undefined where this process
   * has not all of them, and would reset what is somebody else's.
   */
  groupsFor(reached: readonly Dependent[]): readonly number[] | undefined {
    const found = new Set<number>();
    for (const { group } of reached) {
      const fd = this.#paths.peek(group)?.path.groupFd;
      if (fd === undefined) return undefined;
      found.add(fd);
    }
    return found.size === 0 ? undefined : [...found];
  }

  #open(address: PciAddress, group: number): OpenGroup {
    const path =
      deviceFile(address, this.#sysfs) === undefined
        ? VfioGroup.open(address, group, () => this.#hostDriven(address, group))
        : IommufdPath.open(address, this.#sysfs);
    return new OpenGroup(path);
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
