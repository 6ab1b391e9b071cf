/** Enumeration of this host's functions. */
import {
  FunctionNotFoundError,
  type FunctionSummary,
  type HostFacts,
  type IommuFaultReports,
  type Machine,
  type MachineCapabilities,
  type PciFunction,
  type Presence,
} from '../../function/index.js';
import { Header, OpenslotError, type PciAddress } from '../../pci/index.js';
import { SysfsUnavailableError } from './errors.js';
import { KernelLogFaults } from './iommu-faults.js';
import { parseIdentity } from './identity.js';
import { LinuxConfig } from './linux-config.js';
import { LinuxFunction } from './linux-function.js';
import { SysfsDrivers } from './sysfs-drivers.js';
import { SysfsFacts } from './sysfs-facts.js';
import { Shared } from './shared.js';
import type { UioDevice } from './uio/uio-device.js';
import { UioPlatform } from './uio/uio-platform.js';
import { UIO_DRIVER, UioFunction } from './uio/uio-function.js';
import { VfioFunction } from './vfio/vfio-function.js';
import { VFIO_DRIVER, VfioHost } from './vfio/vfio-host.js';
import { addressOf, errnoOf, Sysfs } from './sysfs.js';

export interface LinuxMachineOptions {
  /** The sysfs directory of the PCI bus; another one serves a saved tree. */
  readonly root?: string;
  /**
   * `avoided` is for processes that must outlive their devices: a region is accessed by the kernel, one system call
   * for each access, wherever it offers that. Memory that sysfs gives can only be mapped, and is mapped all the same.
   */
  readonly mapping?: 'allowed' | 'avoided';
  /** Directory of the running kernel's modules; another one belongs to a saved tree. */
  readonly modules?: string;
  /** Where UIO's class and its device files are; others serve a saved tree. */
  readonly uio?: { readonly root: string; readonly devices: string };
}

/** Of the header type register; bit 7 says that the device has several functions. */
const HEADER_LAYOUT = 0x7f;
/** Bytes of configuration space that the kernel shows to everybody. */
const NOT_PRIVILEGED = 64;

export class LinuxMachine implements Machine {
  readonly name = 'linux';
  readonly drivers: SysfsDrivers;
  /** What UIO drivers have besides PCI functions. */
  readonly platform: UioPlatform;
  /** Where there is an IOMMU, and this user may read the kernel's log. */
  readonly faults?: IommuFaultReports;
  readonly #faults: KernelLogFaults | undefined;
  readonly #sysfs: Sysfs;
  readonly #facts: SysfsFacts;
  readonly #vfio: VfioHost;
  readonly #uio = new Shared<UioDevice>();
  readonly #mapped: boolean;

  constructor(options: LinuxMachineOptions = {}) {
    this.#sysfs = new Sysfs(options.root);
    this.platform = new UioPlatform(this.name, options.uio);
    this.#vfio = new VfioHost(this.#sysfs);
    this.#mapped = options.mapping !== 'avoided';
    this.#faults = this.#sysfs.anyHas('iommu_group') ? KernelLogFaults.available() : undefined;
    if (this.#faults !== undefined) this.faults = this.#faults;
    this.drivers = new SysfsDrivers(this.#sysfs);
    this.#facts = new SysfsFacts(this.#sysfs, options.modules);
  }

  /** What at least one function of this host has as its drivers are bound now. */
  get capabilities(): MachineCapabilities {
    const bound = (driver: string) => this.#sysfs.hasBound(driver);
    const vfio = bound(VFIO_DRIVER);
    return {
      configWrite: true,
      memoryRegions: true,
      ioRegions: true,
      interrupts: vfio || bound(UIO_DRIVER),
      dma: vfio,
      reset: true,
      // None has one where there is no IOMMU, and under Xen, which shows it to no domain.
      iommuGroups: this.#sysfs.anyHas('iommu_group'),
      machineFrames: true,
    };
  }

  list(): readonly FunctionSummary[] {
    const grouped = this.#sysfs.anyHas('iommu_group');
    return this.#addresses().map((address) => this.#summary(address, grouped));
  }

  present(): readonly Presence[] {
    return this.#addresses().flatMap((address) => {
      const instance = this.#sysfs.instance(address);
      // It went while the others were looked at.
      if (instance === undefined) return [];
      return [{ address, driver: this.#sysfs.readLinkName(address, 'driver'), instance }];
    });
  }

  hostFacts(address: PciAddress): HostFacts {
    return this.#facts.of(address);
  }

  /** @throws {SysfsUnavailableError} */
  #addresses(): readonly PciAddress[] {
    let names: string[];
    try {
      names = this.#sysfs.devices();
    } catch (cause) {
      throw new SysfsUnavailableError(this.#sysfs.root, errnoOf(cause), { cause });
    }
    return names.flatMap((name) => addressOf(name) ?? []).sort((a, b) => a.sbdf - b.sbdf);
  }

  /** @throws {FunctionNotFoundError} it is not there, or goes while it is opened. @throws other errno errors of sysfs. */
  open(address: PciAddress): PciFunction {
    if (!this.#sysfs.has(address, '')) throw new FunctionNotFoundError(address, this.name);
    try {
      return this.#opened(address);
    } catch (cause) {
      if (cause instanceof OpenslotError || this.#sysfs.has(address, '')) throw cause;
      throw new FunctionNotFoundError(address, this.name, { cause });
    }
  }

  #opened(address: PciAddress): PciFunction {
    switch (this.#sysfs.readLinkName(address, 'driver')) {
      case VFIO_DRIVER:
        return new VfioFunction(address, this.#sysfs, this.#vfio, this.#mapped);
      case UIO_DRIVER:
        return new UioFunction(address, this.#sysfs, this.#uio);
      default:
        return new LinuxFunction(address, this.#sysfs);
    }
  }

  /** `grouped` where any function has an IOMMU group. */
  #summary(address: PciAddress, grouped: boolean): FunctionSummary {
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
    const group = grouped ? sysfs.readLinkName(address, 'iommu_group') : undefined;
    return {
      address,
      ...parseIdentity(sysfs.read(address, 'uevent') ?? ''),
      revision: sysfs.readNumber(address, 'revision') ?? 0,
      headerType,
      // Where everybody else looks for it, too.
      driver: sysfs.readLinkName(address, 'driver'),
      iommuGroup: group === undefined ? undefined : Number(group),
      unreadable,
    };
  }

  [Symbol.dispose](): void {
    // Each open function has its own descriptors.
    this.#faults?.close();
    this.platform.close();
  }
}
