/** What was granted to one guest, function by function, kept in XenStore beside the guest and gone with it. */
import { notations, type PciAddress } from '../pci/index.js';
import { discard, removeWithEmptyParents, type XenStore } from '../xen/store/index.js';
import { formatGrants, parseGrants, type Grants } from './grants.js';
import { isThere, libxlPath, type Guest } from './guests.js';

const NOTHING_YET = formatGrants({ memory: [], ports: [], pirq: undefined });

/**
 * `/libxl/<domid>/openslot/<uuid>/DDDD-BB-DD-F`: below a node of libxl's that only the host can read, and that libxl
 * removes with the domain. The uuid tells a record from one of an earlier guest with the same id.
 */
export class GrantRecords {
  readonly #store: XenStore;
  readonly #guest: Guest;
  readonly #root: string;

  constructor(store: XenStore, guest: Guest) {
    this.#store = store;
    this.#guest = guest;
    this.#root = `${libxlPath(guest.id)}/openslot`;
  }

  /** @returns false when the guest is gone: nothing was written then, because nobody would remove it. */
  write(address: PciAddress, grants: Grants): Promise<boolean> {
    return this.#store.transaction(async (tx) => {
      if (!(await isThere(tx, this.#guest))) return discard(false);
      await tx.write(this.#path(address), formatGrants(grants));
      return true;
    });
  }

  /**
   * Says that something is about to be granted, unless a record is there. @returns true when it was not there.
   */
  announce(address: PciAddress): Promise<boolean> {
    return this.#store.transaction(async (tx) => {
      const there = (await tx.read(this.#path(address))) !== undefined;
      if (there || !(await isThere(tx, this.#guest))) return discard(false);
      await tx.write(this.#path(address), NOTHING_YET);
      return true;
    });
  }

  /** Takes {@link announce} back, unless something was granted since. */
  async withdraw(address: PciAddress): Promise<void> {
    await this.#store.transaction(async (tx) => {
      if ((await tx.read(this.#path(address))) !== NOTHING_YET) return discard(undefined);
      await removeWithEmptyParents(tx, this.#path(address), libxlPath(this.#guest.id));
      return undefined;
    });
  }

  /** Functions that have a record. */
  async list(): Promise<readonly PciAddress[]> {
    const names = (await this.#store.list(`${this.#root}/${this.#guest.uuid}`)) ?? [];
    return names.map((name) => notations.libxl.parse(name));
  }

  /** Undefined when there is none, and when what is there is not ours to read. */
  async read(address: PciAddress): Promise<Grants | undefined> {
    const text = await this.#store.read(this.#path(address));
    return text === undefined ? undefined : parseGrants(text);
  }

  /** With the last one the guest's own node goes too. @returns false when it was not there. */
  remove(address: PciAddress): Promise<boolean> {
    return this.#store.transaction((tx) =>
      removeWithEmptyParents(tx, this.#path(address), libxlPath(this.#guest.id)),
    );
  }

  #path(address: PciAddress): string {
    return `${this.#root}/${this.#guest.uuid}/${notations.libxl.format(address)}`;
  }
}
