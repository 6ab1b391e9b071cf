/** A machine: a place where functions live, and the way to reach them. */
import type { PciAddress } from '../pci/address.js';
import type { ErrorReports } from './error-reports.js';
import type { Capture } from './capture.js';
import type { PciFunction } from './function.js';
import type { HostControl, IommuFaultReports } from './host.js';
import type { HostFacts } from './host-facts.js';
import type { HostUse } from './host-uses.js';
import type { HostDrivers } from './host-drivers.js';
import type { PlatformDevices } from './platform.js';

/** What a machine can do; a face asks for a capability and never which machine it runs on. */
export interface MachineCapabilities {
  /** Configuration space can be written, not only read. */
  readonly configWrite: boolean;
  readonly memoryRegions: boolean;
  readonly ioRegions: boolean;
  readonly interrupts: boolean;
  readonly dma: boolean;
  readonly reset: boolean;
  /** It tells which functions its IOMMU cannot tell apart: a function without a group is translated by none. */
  readonly iommuGroups: boolean;
  /** Its memory addresses are machine frames that a real Xen guest can map. */
  readonly machineFrames: boolean;
}

/** One function as enumeration found it, with what could not be read and why. */
export interface FunctionSummary {
  readonly address: PciAddress;
  readonly vendor: number;
  readonly device: number;
  readonly subsystemVendor: number | undefined;
  readonly subsystemDevice: number | undefined;
  /** 24 bits: base class, subclass, programming interface. */
  readonly classCode: number;
  readonly revision: number;
  /** Header layout, 0 to 2 (bit 7, multi-function, taken off). */
  readonly headerType: number;
  readonly driver: string | undefined;
  readonly iommuGroup: number | undefined;
  /** What could not be read, each with its reason. */
  readonly unreadable: readonly { readonly what: string; readonly why: string }[];
}

/** That a function is there, as a machine can tell without asking the device. */
export interface Presence {
  readonly address: PciAddress;
  readonly driver: string | undefined;
  /** Another number when another device has come to the address, or the same one again. */
  readonly instance: number;
}

/**
 * Implemented by every machine, and all that pools, back ends and programs know of one. What it does not have is
 * absent, or false among its {@link MachineCapabilities}.
 */
export interface Machine extends Disposable {
  /** As a user names it: `linux`, `sim`. */
  readonly name: string;
  readonly capabilities: MachineCapabilities;
  /** Every function, in order of address. */
  list(): readonly FunctionSummary[];
  /** What is there, for whoever looks often: no device is touched. Absent where {@link list} touches none either. */
  present?(): readonly Presence[];
  /** A view of the function of the caller's own: who opens it closes it. @throws {FunctionNotFoundError} */
  open(address: PciAddress): PciFunction;
  /** No device is touched. Absent on machines that know nothing besides what functions tell. */
  hostFacts?(address: PciAddress): HostFacts;
  /**
   * What its operating system does with a function now; nothing is changed and no device is touched. Absent on machines
   * without an operating system of their own.
   */
  hostUses?(address: PciAddress): readonly HostUse[];
  /** Of a machine that is not there any more: all that was saved of it. */
  readonly saved?: Capture;
  /** Absent on machines that know of no devices besides PCI functions. */
  readonly platform?: PlatformDevices;
  /** Absent on machines where no host driver competes. */
  readonly drivers?: HostDrivers;
  /** The processor's side, on machines that have no operating system of their own: an embedded Xen runs on it. */
  readonly host?: HostControl;
  /** Absent on machines that tell nobody what their IOMMU stopped. */
  readonly faults?: IommuFaultReports;
  /** Absent on machines that nobody tells of the errors of their functions. */
  readonly errors?: ErrorReports;
}

/** Drivers of a host compete for its functions: a pool can be kept of it. */
export type MachineWithDrivers = Machine & { readonly drivers: HostDrivers };

export function hasDrivers(machine: Machine): machine is MachineWithDrivers {
  return machine.drivers !== undefined;
}
