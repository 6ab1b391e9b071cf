/** Binding of the host's drivers through sysfs: `driver_override`, `bind`, `unbind`, and xen-pciback's slot list. */
import { existsSync, readFileSync } from 'node:fs';
import { DriverError, type Binding, type HostDrivers } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import { errnoOf, writeAttribute, type Sysfs } from './sysfs.js';

export class SysfsDrivers implements HostDrivers {
  readonly #sysfs: Sysfs;

  constructor(sysfs: Sysfs) {
    this.#sysfs = sysfs;
  }

  binding(address: PciAddress): Binding {
    const override = this.#sysfs.read(address, 'driver_override');
    return {
      driver: this.#sysfs.readLinkName(address, 'driver'),
      override: override === undefined || override === '(null)' || override === '' ? undefined : override,
    };
  }

  has(driver: string): boolean {
    return existsSync(this.#sysfs.driver(driver, 'bind'));
  }

  async unbind(address: PciAddress): Promise<void> {
    const { driver } = this.binding(address);
    if (driver === undefined) return;
    await this.#write(address, driver, 'unbind');
    // xen-pciback takes back, at the next rescan, whatever stays on its list.
    if (this.#listed(driver, address)) await this.#write(address, driver, 'remove_slot');
    const now = this.binding(address).driver;
    if (now === driver) {
      throw new DriverError('DRIVER_REFUSED', address, driver, 'it is still bound after unbind');
    }
  }

  async bind(address: PciAddress, driver: string): Promise<void> {
    if (this.binding(address).driver === driver) return;
    if (!this.has(driver)) {
      throw new DriverError(
        'DRIVER_NOT_LOADED',
        address,
        driver,
        'the driver is not loaded',
        `modprobe ${driver}`,
      );
    }
    // Writing the list twice makes a second entry, and xen-pciback binds only what is listed.
    const hasList = existsSync(this.#sysfs.driver(driver, 'new_slot'));
    const listedHere = hasList && !this.#listed(driver, address);
    if (listedHere) await this.#write(address, driver, 'new_slot');
    try {
      await this.#write(address, driver, 'bind');
    } catch (cause) {
      if (listedHere) await this.#write(address, driver, 'remove_slot');
      throw cause;
    }
    const now = this.binding(address).driver;
    if (now !== driver) {
      throw new DriverError(
        'DRIVER_REFUSED',
        address,
        driver,
        `bind was accepted, yet the driver is ${now ?? 'none'}`,
      );
    }
  }

  async setOverride(address: PciAddress, driver: string | undefined): Promise<void> {
    try {
      await writeAttribute(this.#sysfs.device(address, 'driver_override'), `${driver ?? ''}\n`);
    } catch (cause) {
      throw this.#error(address, driver ?? 'none', 'driver_override', cause);
    }
  }

  #listed(driver: string, address: PciAddress): boolean {
    try {
      return readFileSync(this.#sysfs.driver(driver, 'slots'), 'latin1')
        .split('\n')
        .includes(String(address));
    } catch {
      return false;
    }
  }

  async #write(
    address: PciAddress,
    driver: string,
    file: 'bind' | 'unbind' | 'new_slot' | 'remove_slot',
  ): Promise<void> {
    try {
      await writeAttribute(this.#sysfs.driver(driver, file), String(address));
    } catch (cause) {
      throw this.#error(address, driver, file, cause);
    }
  }

  #error(address: PciAddress, driver: string, file: string, cause: unknown): DriverError {
    const errno = errnoOf(cause);
    const options = { cause };
    if (errno === 'EACCES' || errno === 'EPERM') {
      return new DriverError(
        'DRIVER_PERMISSION',
        address,
        driver,
        `${file}: ${errno}`,
        'run the command as root',
        options,
      );
    }
    if (errno === 'EBUSY') {
      const holder = this.binding(address).driver ?? 'none';
      return new DriverError(
        'DRIVER_BUSY',
        address,
        driver,
        `${file}: the function is busy (bound driver: ${holder})`,
        `openslot show ${address}`,
        options,
      );
    }
    return new DriverError('DRIVER_REFUSED', address, driver, `${file}: ${errno}`, 'dmesg | tail', options);
  }
}
