/** The host's drivers of a simulated machine: names that hold functions, with the rules of binding that hosts have. */
import { DriverError, FunctionNotFoundError, type Binding, type HostDrivers } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';

/** Drivers that hold a function for somebody else: they bind whatever they are told to. */
const HOLDERS: ReadonlySet<string> = new Set(['pciback', 'vfio-pci']);

interface Held {
  driver: string | undefined;
  override: string | undefined;
  /** The driver that knows this function. */
  readonly own: string | undefined;
}

export class SimDrivers implements HostDrivers {
  readonly #machine: string;
  readonly #loaded: Set<string>;
  readonly #functions = new Map<number, Held>();
  readonly #present: (address: PciAddress) => boolean;

  /** `present` says whether a function answers at an address now. */
  constructor(machine: string, loaded: readonly string[], present: (address: PciAddress) => boolean) {
    this.#machine = machine;
    this.#loaded = new Set([...HOLDERS, ...loaded]);
    this.#present = present;
  }

  /** A function of the machine, with the driver that is bound to it, and the one that knows it. */
  add(address: PciAddress, driver: string | undefined, own = driver): void {
    for (const name of [driver, own]) if (name !== undefined) this.#loaded.add(name);
    this.#functions.set(address.sbdf, { driver, override: undefined, own });
  }

  binding(address: PciAddress): Binding {
    const { driver, override } = this.#functions.get(address.sbdf) ?? {
      driver: undefined,
      override: undefined,
    };
    return { driver, override };
  }

  has(driver: string): boolean {
    return this.#loaded.has(driver);
  }

  unbind(address: PciAddress): Promise<void> {
    return this.#change(address, (held) => {
      held.driver = undefined;
    });
  }

  bind(address: PciAddress, driver: string): Promise<void> {
    return this.#change(address, (held) => {
      if (held.driver === driver) return;
      if (!this.has(driver)) {
        throw new DriverError('DRIVER_NOT_LOADED', address, driver, 'the driver is not loaded');
      }
      if (held.driver !== undefined) {
        const why = `the function is busy (bound driver: ${held.driver})`;
        throw new DriverError('DRIVER_BUSY', address, driver, why, `openslot show ${address}`);
      }
      if (held.override !== undefined && held.override !== driver) {
        throw new DriverError(
          'DRIVER_REFUSED',
          address,
          driver,
          `only ${held.override} may bind the function`,
        );
      }
      if (held.override !== driver && held.own !== driver && !HOLDERS.has(driver)) {
        throw new DriverError('DRIVER_REFUSED', address, driver, 'the driver does not know the function');
      }
      held.driver = driver;
    });
  }

  setOverride(address: PciAddress, driver: string | undefined): Promise<void> {
    return this.#change(address, (held) => {
      held.override = driver;
    });
  }

  #change(address: PciAddress, change: (held: Held) => void): Promise<void> {
    // A refusal is a rejection, never a throw.
    return Promise.resolve().then(() => {
      const held = this.#functions.get(address.sbdf);
      if (held === undefined || !this.#present(address))
        throw new FunctionNotFoundError(address, this.#machine);
      change(held);
    });
  }
}
