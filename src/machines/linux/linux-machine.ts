/** This host's functions: found, opened, and driven by whatever the kernel has bound to them. */
import {
  FunctionNotFoundError,
  type FunctionSummary,
  type HostFacts,
  type HostUse,
  type IommuFaultReports,
  type Machine,
  type MachineCapabilities,
  type PciFunction,
  type Presence,
} from '../../function/index.js';
import { OpenslotError, type PciAddress } from '../../pci/index.js';
import { Enumeration } from './enumeration.js';
import { HostUses, RUNNING_HOST, type HostRoots } from './host-uses/index.js';
import { KernelLogFaults } from './iommu-faults.js';
import { LinuxFunction } from './linux-function.js';
import { SysfsDrivers } from './sysfs-drivers.js';
import { SysfsFacts } from './sysfs-facts.js';
import { Shared } from './shared.js';
import type { UioDevice } from './uio/uio-device.js';
import { UioPlatform } from './uio/uio-platform.js';
import { UIO_DRIVER, UioFunction } from './uio/uio-function.js';
import { VfioFunction } from './vfio/vfio-function.js';
import { VFIO_DRIVER, VfioHost } from './vfio/vfio-host.js';
import { Sysfs } from './sysfs.js';

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
  /** Where the host tells what it does with its functions; nothing is told of a saved tree without it. */
  readonly host?: HostRoots;
}

/**
 * Needs sysfs alone to look; root, or for VFIO the group's file, to drive. A function that `vfio-pci` or
 * `uio_pci_generic` has is opened through it, any other through its sysfs files.
 */
export class LinuxMachine implements Machine {
  readonly name = 'linux';
  readonly drivers: SysfsDrivers;
  /** What UIO drivers have besides PCI functions. */
  readonly platform: UioPlatform;
  /** Where there is an IOMMU, and this user may read the kernel's log. */
  readonly faults?: IommuFaultReports;
  readonly hostUses?: (address: PciAddress) => readonly HostUse[];
  readonly #faults: KernelLogFaults | undefined;
  readonly #sysfs: Sysfs;
  readonly #enumeration: Enumeration;
  readonly #facts: SysfsFacts;
  readonly #vfio: VfioHost;
  readonly #uio = new Shared<UioDevice>();
  readonly #mapped: boolean;

  constructor(options: LinuxMachineOptions = {}) {
    this.#sysfs = new Sysfs(options.root);
    this.#enumeration = new Enumeration(this.#sysfs);
    this.platform = new UioPlatform(this.name, options.uio);
    this.#vfio = new VfioHost(this.#sysfs);
    this.#mapped = options.mapping !== 'avoided';
    this.#faults = this.#sysfs.anyHas('iommu_group') ? KernelLogFaults.available() : undefined;
    if (this.#faults !== undefined) this.faults = this.#faults;
    this.drivers = new SysfsDrivers(this.#sysfs);
    this.#facts = new SysfsFacts(this.#sysfs, options.modules);
    const host = options.host ?? (options.root === undefined ? RUNNING_HOST : undefined);
    if (host !== undefined) {
      const uses = new HostUses(host);
      this.hostUses = (address) => uses.of(address);
    }
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

  /** @throws {SysfsUnavailableError} */
  list(): readonly FunctionSummary[] {
    return this.#enumeration.list();
  }

  /** @throws {SysfsUnavailableError} */
  present(): readonly Presence[] {
    return this.#enumeration.present();
  }

  hostFacts(address: PciAddress): HostFacts {
    return this.#facts.of(address);
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

  [Symbol.dispose](): void {
    // Each open function has its own descriptors.
    this.#faults?.close();
    this.platform.close();
  }
}
