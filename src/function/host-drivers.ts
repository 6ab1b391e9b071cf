/** HostDrivers: who binds and unbinds the host's own drivers. */
import type { PciAddress } from '../pci/address.js';

/** Who drives a function on the host now. */
export interface Binding {
  /** Name of the bound driver, undefined when none is. */
  readonly driver: string | undefined;
  /** The driver that alone may bind it (Linux's `driver_override`), undefined when any may. */
  readonly override: string | undefined;
}

/** Drivers that hold a function for programs, by the way that those reach it, and drive nothing themselves. */
export const PROGRAM_HOLDERS = { vfio: 'vfio-pci', uio: 'uio_pci_generic' } as const;

/** Drivers that leave DMA to whom they give a function (Linux: driver_managed_dma): VFIO gives another of its group. */
export const BESIDE_VFIO: ReadonlySet<string> = new Set([PROGRAM_HOLDERS.vfio, 'pci-stub', 'pcieport']);

/** How a machine's functions are taken from its drivers and given back; absent on machines where no drivers are. */
export interface HostDrivers {
  /** Who has the function now, and who alone may. */
  binding(address: PciAddress): Binding;
  /**
   * That {@link binding} tells what stands: no change that was given up as too late is still under way.
   * @throws {DriverError} one is, and what it will have done is not known.
   */
  checkSettled?(address: PciAddress): void;
  /** True when a driver of this name is loaded. */
  has(driver: string): boolean;
  /** Takes the function from its driver; done when it is already without one. @throws {DriverError} */
  unbind(address: PciAddress): Promise<void>;
  /** Binds the named driver and checks that it took. @throws {DriverError} it did not, with what stands there now. */
  bind(address: PciAddress, driver: string): Promise<void>;
  /** Names the only driver that may bind this function from now on, or lifts that. @throws {DriverError} */
  setOverride(address: PciAddress, driver: string | undefined): Promise<void>;
}
