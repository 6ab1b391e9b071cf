/** Binding of the host's drivers through sysfs: `driver_override`, `bind`, `unbind`, and xen-pciback's slot list. */
import { existsSync, readFileSync } from 'node:fs';
import { DriverError, type Binding, type HostDrivers } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import { refusalCause, type DriverFile } from './driver-refusal.js';
import { errnoOf, writeAttribute, type Sysfs } from './sysfs.js';

/** A driver lets go of a busy disk or network within seconds, if at all. */
const PATIENCE_MS = 30_000;

/**
 * {@link HostDrivers} of this host. Changes need root; none uses `new_id`, which would take all devices of those ids.
 */
export class SysfsDrivers implements HostDrivers {
  readonly #sysfs: Sysfs;
  readonly #patience: number;
  /** Writes that the kernel has not ended within their bound, by function. */
  readonly #late = new Map<number, DriverError>();

  /** `patience`: milliseconds that a write may take. The kernel goes on with one that takes longer. */
  constructor(sysfs: Sysfs, patience = PATIENCE_MS) {
    this.#sysfs = sysfs;
    this.#patience = patience;
  }

  binding(address: PciAddress): Binding {
    const override = this.#sysfs.read(address, 'driver_override');
    return {
      driver: this.#sysfs.readLinkName(address, 'driver'),
      override: override === undefined || override === '(null)' || override === '' ? undefined : override,
    };
  }

  checkSettled(address: PciAddress): void {
    const late = this.#late.get(address.sbdf);
    if (late !== undefined) throw late;
  }

  has(driver: string): boolean {
    return existsSync(this.#sysfs.driver(driver, 'bind'));
  }

  async unbind(address: PciAddress): Promise<void> {
    // The kernel removes the link before it calls the driver, and makes it before it asks one: it tells nothing yet.
    this.checkSettled(address);
    const { driver } = this.binding(address);
    if (driver === undefined) return;
    try {
      await this.#write(address, driver, 'unbind');
    } catch (cause) {
      this.checkSettled(address);
      // Somebody else was quicker.
      if (this.binding(address).driver !== undefined) throw cause;
    }
    // xen-pciback takes back, at the next rescan, whatever stays on its list.
    if (this.#listed(driver, address)) await this.#write(address, driver, 'remove_slot');
    const now = this.binding(address).driver;
    if (now === undefined) return;
    const why = now === driver ? 'it is still bound after unbind' : `unbound, and ${now} took it at once`;
    throw new DriverError('DRIVER_REFUSED', address, driver, why);
  }

  async bind(address: PciAddress, driver: string): Promise<void> {
    this.checkSettled(address);
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
      await this.#bindListed(address, driver);
    } catch (cause) {
      this.checkSettled(address);
      if (listedHere) await this.#write(address, driver, 'remove_slot');
      throw cause;
    }
  }

  async #bindListed(address: PciAddress, driver: string): Promise<void> {
    try {
      await this.#write(address, driver, 'bind');
    } catch (cause) {
      this.checkSettled(address);
      // The kernel gives a free function to a driver by itself when it, or udev, looks anew.
      if (this.binding(address).driver !== driver) throw cause;
    }
    const now = this.binding(address).driver;
    if (now === driver) return;
    const why = `bind was accepted, yet the driver is ${now ?? 'none'}`;
    throw new DriverError('DRIVER_REFUSED', address, driver, why);
  }

  async setOverride(address: PciAddress, driver: string | undefined): Promise<void> {
    const path = this.#sysfs.device(address, 'driver_override');
    await this.#bounded(address, driver ?? 'none', 'driver_override', path, `${driver ?? ''}\n`);
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

  #write(address: PciAddress, driver: string, file: Exclude<DriverFile, 'driver_override'>): Promise<void> {
    return this.#bounded(address, driver, file, this.#sysfs.driver(driver, file), String(address));
  }

  /** @throws {DriverError} */
  async #bounded(
    address: PciAddress,
    driver: string,
    file: DriverFile,
    path: string,
    text: string,
  ): Promise<void> {
    this.checkSettled(address);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, this.#patience, 'late');
    });
    const write = writeAttribute(path, text);
    try {
      if ((await Promise.race([write, late])) !== 'late') return;
    } catch (cause) {
      throw this.#error(address, driver, file, cause);
    } finally {
      clearTimeout(timer);
    }
    const hangs = new DriverError(
      'DRIVER_HANGS',
      address,
      driver,
      `${file}: the kernel has not ended it after ${this.#patience / 1000} s; something still uses the function`,
      `what it is: openslot show ${address}; end that; then: openslot recover`,
    );
    this.#late.set(address.sbdf, hangs);
    const ended = () => {
      this.#late.delete(address.sbdf);
    };
    // Whether the kernel did it or refused it in the end: from then on the binding tells.
    void write.then(ended, ended);
    throw hangs;
  }

  #error(address: PciAddress, driver: string, file: DriverFile, cause: unknown): DriverError {
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
    const why = refusalCause(file, errno, driver, this.binding(address));
    const said = why === undefined ? `${file}: ${errno}` : `${file}: ${why} (${errno})`;
    return errno === 'EBUSY'
      ? new DriverError('DRIVER_BUSY', address, driver, said, `openslot show ${address}`, options)
      : new DriverError('DRIVER_REFUSED', address, driver, said, 'dmesg | tail', options);
  }
}
