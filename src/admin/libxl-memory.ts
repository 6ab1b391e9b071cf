/** What libxl remembers of each function in XenStore, so that `xl` and openslot see each other's claims and attachments. */
import { notations, tryParse, type PciAddress } from '../pci/index.js';
import { FunctionTakenError } from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import { discard, removeWithEmptyParents, type StoreView, type XenStore } from '../xen/store/index.js';

const LIBXL = '/libxl';
const ROOT = `${LIBXL}/pci`;

/** `/libxl/pci/DDDD-BB-DD-F/{driver_path,domid,name}`, as libxl reads and writes it. */
export class LibxlMemory {
  readonly #store: XenStore;

  constructor(store: XenStore) {
    this.#store = store;
  }

  #key(address: PciAddress, name: string): string {
    return `${ROOT}/${notations.libxl.format(address)}/${name}`;
  }

  /** The sysfs directory of the driver that had the function before. */
  async formerDriver(address: PciAddress): Promise<string | undefined> {
    const path = await this.#store.read(this.#key(address, 'driver_path'));
    return path === undefined || path === '' ? undefined : path.slice(path.lastIndexOf('/') + 1);
  }

  async rememberDriver(address: PciAddress, driver: string): Promise<void> {
    await this.#store.write(this.#key(address, 'driver_path'), `/sys/bus/pci/drivers/${driver}`);
  }

  /** Domain that a tool stack has given the function to. */
  async guest(address: PciAddress): Promise<string | undefined> {
    return this.#store.read(this.#key(address, 'domid'));
  }

  /** Notes who has the function; of two who try it at once, one does. @throws {FunctionTakenError} */
  give(address: PciAddress, guest: DomainId): Promise<void> {
    const key = this.#key(address, 'domid');
    return this.#store.transaction(async (tx) => {
      const taker = await tx.read(key);
      if (taker !== undefined) throw new FunctionTakenError(address, `guest ${taker}`);
      await tx.write(key, String(guest));
    });
  }

  /** Nobody has it any more. The note of somebody else than `guest` stays. */
  takeBack(address: PciAddress, guest: DomainId): Promise<void> {
    return this.#remove(address, guest, (tx, key) => tx.remove(key));
  }

  /** Takes {@link give} back, as if it had not been. */
  withdraw(address: PciAddress, guest: DomainId): Promise<void> {
    return this.#remove(address, guest, (tx, key) => removeWithEmptyParents(tx, key, LIBXL));
  }

  #remove(
    address: PciAddress,
    guest: DomainId,
    remove: (tx: StoreView, key: string) => Promise<boolean>,
  ): Promise<void> {
    const key = this.#key(address, 'domid');
    return this.#store.transaction(async (tx) => {
      if ((await tx.read(key)) !== String(guest)) return discard(undefined);
      await remove(tx, key);
      return undefined;
    });
  }

  /** Functions that this guest has. */
  givenTo(guest: DomainId): Promise<readonly PciAddress[]> {
    return this.#search('domid', String(guest));
  }

  /** Functions that were made assignable by this name. */
  named(name: string): Promise<readonly PciAddress[]> {
    return this.#search('name', name);
  }

  async forget(address: PciAddress): Promise<void> {
    await this.#store.transaction(async (tx) => {
      // libxl itself leaves the directory behind; an empty one of ours would be a key that nobody needs.
      await removeWithEmptyParents(tx, this.#key(address, 'driver_path'), LIBXL);
    });
  }

  async #search(key: string, value: string): Promise<readonly PciAddress[]> {
    const found: PciAddress[] = [];
    for (const name of (await this.#store.list(ROOT)) ?? []) {
      const address = tryParse(notations.libxl, name);
      // Somebody else's node: libxl itself passes over it.
      if (address === undefined) continue;
      if ((await this.#store.read(this.#key(address, key))) === value) found.push(address);
    }
    return found;
  }
}
