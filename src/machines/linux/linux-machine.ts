/** Enumeration of this host's functions. */
import { existsSync, readFileSync } from 'node:fs';
import {
  FunctionNotFoundError,
  type FunctionSummary,
  type Machine,
  type MachineCapabilities,
  type PciFunction,
} from '../../function/index.js';
import { notations, OpenslotError, type PciAddress } from '../../pci/index.js';
import { SysfsUnavailableError } from './errors.js';
import { LinuxFunction } from './linux-function.js';
import { SysfsDrivers } from './sysfs-drivers.js';
import { errnoOf, Sysfs } from './sysfs.js';

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
    if (!existsSync(this.#sysfs.device(address))) throw new FunctionNotFoundError(address, this.name);
    return new LinuxFunction(address, this.#sysfs);
  }

  #summary(address: PciAddress): FunctionSummary {
    const sysfs = this.#sysfs;
    const number = (file: string) => sysfs.readNumber(address, file);
    const unreadable: { what: string; why: string }[] = [];
    let headerType = 0;
    try {
      const config = readFileSync(sysfs.device(address, 'config'));
      headerType = (config[0x0e] ?? 0) & 0x7f;
      if (config.length <= 64 && config.length > 0) {
        unreadable.push({
          what: 'capabilities',
          why: 'the kernel shows 64 bytes of configuration space without CAP_SYS_ADMIN; run as root',
        });
      }
    } catch (cause) {
      unreadable.push({ what: 'configuration space', why: errnoOf(cause) });
    }
    const group = sysfs.readLinkName(address, 'iommu_group');
    return {
      address,
      vendor: number('vendor') ?? 0xffff,
      device: number('device') ?? 0xffff,
      subsystemVendor: number('subsystem_vendor'),
      subsystemDevice: number('subsystem_device'),
      classCode: number('class') ?? 0,
      revision: number('revision') ?? 0,
      headerType,
      driver: sysfs.readLinkName(address, 'driver'),
      iommuGroup: group === undefined ? undefined : Number(group),
      unreadable,
    };
  }

  [Symbol.dispose](): void {
    // Nothing is held between calls: each open function has its own descriptors.
  }
}
