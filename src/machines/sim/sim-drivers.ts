/** The host's drivers of a simulated machine: names that hold functions, with the rules of binding that hosts have. */
import { DriverError, FunctionNotFoundError, type Binding, type HostDrivers } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';

/** Where bindings outlive the process. */
export interface KeptBindings {
  /** As they were left, by {@link PciAddress.sbdf}. */
  read(): ReadonlyMap<number, Binding>;
  /** Durable when it returns. `mutation` says in words what is about to be changed. @throws what keeps it from that. */
  replace(mutation: string, all: Iterable<readonly [PciAddress, Binding]>): void;
}

/** Drivers that hold a function for somebody else: they bind whatever they are told to. */
const HOLDERS: ReadonlySet<string> = new Set(['pciback', 'vfio-pci']);

interface Held {
  readonly address: PciAddress;
  driver: string | undefined;
  override: string | undefined;
  /** The driver that knows this function. */
  readonly own: string | undefined;
}

/** {@link HostDrivers} of a simulated machine: each driver is a name, and binds as a real one does. */
export class SimDrivers implements HostDrivers {
  readonly #machine: string;
  readonly #loaded: Set<string>;
  readonly #functions = new Map<number, Held>();
  readonly #present: (address: PciAddress) => boolean;
  readonly #kept: KeptBindings | undefined;
  readonly #left: ReadonlyMap<number, Binding>;

  /** `present` says whether a function answers at an address now; with `kept`, functions are bound as they were left. */
  constructor(
    machine: string,
    loaded: readonly string[],
    present: (address: PciAddress) => boolean,
    kept?: KeptBindings,
  ) {
    this.#machine = machine;
    this.#loaded = new Set([...HOLDERS, ...loaded]);
    this.#present = present;
    this.#kept = kept;
    this.#left = kept?.read() ?? new Map<number, Binding>();
  }

  /** A function of the machine, with the driver that is bound to it, and the one that knows it. */
  add(address: PciAddress, driver: string | undefined, own = driver): void {
    for (const name of [driver, own]) if (name !== undefined) this.#loaded.add(name);
    const left = this.#left.get(address.sbdf) ?? { driver, override: undefined };
    this.#functions.set(address.sbdf, { address, ...left, own });
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
    return this.#change(address, (held) =>
      held.driver === undefined
        ? undefined
        : { mutation: `unbind ${address} ${held.driver}`, driver: undefined, override: held.override },
    );
  }

  bind(address: PciAddress, driver: string): Promise<void> {
    return this.#change(address, (held) => {
      if (held.driver === driver) return undefined;
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
      return { mutation: `bind ${address} ${driver}`, driver, override: held.override };
    });
  }

  setOverride(address: PciAddress, driver: string | undefined): Promise<void> {
    return this.#change(address, (held) =>
      held.override === driver
        ? undefined
        : { mutation: `override ${address} ${driver ?? 'none'}`, driver: held.driver, override: driver },
    );
  }

  /** `next`: what it is to be, or undefined where it is so already. */
  #change(address: PciAddress, next: (held: Held) => Mutation | undefined): Promise<void> {
    // A refusal is a rejection, never a throw.
    return Promise.resolve().then(() => {
      const held = this.#functions.get(address.sbdf);
      if (held === undefined || !this.#present(address))
        throw new FunctionNotFoundError(address, this.#machine);
      const changed = next(held);
      if (changed === undefined) return;
      const { mutation, driver, override } = changed;
      this.#kept?.replace(mutation, this.#with(address, { driver, override }));
      held.driver = driver;
      held.override = override;
    });
  }

  *#with(address: PciAddress, binding: Binding): Generator<readonly [PciAddress, Binding]> {
    for (const { address: other, driver, override } of this.#functions.values())
      yield [other, other.equals(address) ? binding : { driver, override }];
  }
}

/** What a function's binding becomes, and the change in words. */
interface Mutation extends Binding {
  readonly mutation: string;
}
