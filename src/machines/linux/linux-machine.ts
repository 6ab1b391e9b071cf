/** Enumeration of this host's functions. */
import {
  FunctionNotFoundError,
  type FunctionSummary,
  type Machine,
  type MachineCapabilities,
  type PciFunction,
} from '../../function/index.js';
import { Header, notations, OpenslotError, type PciAddress } from '../../pci/index.js';
import { SysfsUnavailableError } from './errors.js';
import { parseIdentity } from './identity.js';
import { LinuxConfig } from './linux-config.js';
import { LinuxFunction } from './linux-function.js';
import { SysfsDrivers } from './sysfs-drivers.js';
import { errnoOf, Sysfs } from './sysfs.js';

/** Of the header type register; bit 7 says that the device has several functions. */
const HEADER_LAYOUT = 0x7f;
/** Bytes of configuration space that the kernel shows to everybody. */
const NOT_PRIVILEGED = 64;

export class LinuxMachine implements Machine {
  readonly name = 'linux';
  readonly capabilities: MachineCapabilities;
  readonly drivers: SysfsDrivers;
  readonly #sysfs: Sysfs;

  /** `root` is the sysfs directory of the PCI bus; another one serves a saved tree. */
  constructor(options: { readonly root?: string } = {}) {
    this.#sysfs = new Sysfs(options.root);
    this.drivers = new SysfsDrivers(this.#sysfs);
    this.capabilities = {
      configWrite: true,
      memoryRegions: true,
      ioRegions: true,
      interrupts: false,
      dma: false,
      reset: true,
      // None has one where there is no IOMMU, and under Xen, which shows it to no domain.
      iommuGroups: this.#sysfs.anyHas('iommu_group'),
      machineFrames: true,
    };
  }

  list(): readonly FunctionSummary[] {
    let names: string[];
    try {
      names = this.#sysfs.devices();
    } catch (cause) {
      throw new SysfsUnavailableError(this.#sysfs.root, errnoOf(cause), { cause });
    }
    const summaries: FunctionSummary[] = [];
    for (const name of names) {
      let address: PciAddress;
      try {
        address = notations.hex.parse(name);
      } catch (cause) {
        // Virtual bridges (VMD) have domains of more than 16 bits: they cannot be given to anybody.
        if (cause instanceof OpenslotError) continue;
        throw cause;
      }
      summaries.push(this.#summary(address));
    }
    return summaries.sort((a, b) => a.address.sbdf - b.address.sbdf);
  }

  open(address: PciAddress): PciFunction {
    if (!this.#sysfs.has(address, '')) throw new FunctionNotFoundError(address, this.name);
    return new LinuxFunction(address, this.#sysfs);
  }

  #summary(address: PciAddress): FunctionSummary {
    const sysfs = this.#sysfs;
    const unreadable: { what: string; why: string }[] = [];
    let headerType = 0;
    try {
      // Not the file as a whole: each 4 bytes of it are an access to the function, and whoever gives a function to a
      // guest waits for this of all of them.
      using config = new LinuxConfig(sysfs.device(address, 'config'));
      if (config.size > 0) headerType = config.read(Header.type, 1) & HEADER_LAYOUT;
      if (config.size === NOT_PRIVILEGED) {
        unreadable.push({
          what: 'capabilities',
          why: 'the kernel shows 64 bytes of configuration space without CAP_SYS_ADMIN; run as root',
        });
      }
    } catch (cause) {
      unreadable.push({ what: 'configuration space', why: errnoOf(cause) });
    }
    const group = this.capabilities.iommuGroups ? sysfs.readLinkName(address, 'iommu_group') : undefined;
    return {
      address,
      ...parseIdentity(sysfs.read(address, 'uevent') ?? ''),
      revision: sysfs.readNumber(address, 'revision') ?? 0,
      headerType,
      iommuGroup: group === undefined ? undefined : Number(group),
      unreadable,
    };
  }

  [Symbol.dispose](): void {
    // Nothing is held between calls: each open function has its own descriptors.
  }
}
