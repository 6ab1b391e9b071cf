/** Guests of the host, as their tool stack wrote them into XenStore. */
import { parseDomainId, type DomainId } from '../xen/domain.js';
import type { GuestType } from '../xen/platform.js';
import { homePath, type StoreView, type XenStore } from '../xen/store/index.js';
import { GuestUnknownError } from './errors.js';

export interface Guest {
  readonly id: DomainId;
  readonly name: string;
  /** Tells the guest from an earlier one with the same id. */
  readonly uuid: string;
  /** As libxl keeps it; `unknown` where another tool stack made the guest. */
  readonly type: GuestType | 'unknown';
}

const TYPES = ['pv', 'pvh', 'hvm'] as const;

/** Where libxl keeps what guests themselves shall not see. */
export const libxlPath = (guest: DomainId): string => `/libxl/${guest}`;

/** What a guest has under the one name that no other guest ever has. */
export const vmPath = (uuid: string): string => `/vm/${uuid}`;

/** True while the guest is there, and its id is not that of a later one. */
export async function isThere(tx: StoreView, { id, uuid }: Guest): Promise<boolean> {
  return (await tx.read(`${homePath(id)}/vm`)) === vmPath(uuid);
}

export class Guests {
  readonly #store: XenStore;
  readonly #own: DomainId;

  /** `own` is the domain of the host, which is nobody's guest. */
  constructor(store: XenStore, own: DomainId) {
    this.#store = store;
    this.#own = own;
  }

  /** In order of domain id. The transaction is not discarded: it must have seen one moment, and no guest half gone. */
  list(): Promise<readonly Guest[]> {
    return this.#store.transaction(async (tx) => {
      const guests: Guest[] = [];
      for (const name of (await tx.list('/local/domain')) ?? []) {
        const id = parseDomainId(name);
        if (id === undefined || id === this.#own) continue;
        const guest = await read(tx, id);
        if (guest !== undefined) guests.push(guest);
      }
      return guests.sort((a, b) => a.id - b.id);
    });
  }

  /** By domain id, or by text: that is an id or a name; digits that are no guest's id may be a name. @throws {GuestUnknownError} */
  async find(wanted: DomainId | string): Promise<Guest> {
    const all = await this.list();
    const byId = all.find(({ id }) => String(id) === String(wanted));
    if (byId !== undefined) return byId;
    const named = all.filter(({ name }) => name === wanted);
    const [only] = named;
    if (only === undefined || named.length > 1) throw new GuestUnknownError(String(wanted), named, all);
    return only;
  }
}

async function read(tx: StoreView, id: DomainId): Promise<Guest | undefined> {
  const name = await tx.read(`${homePath(id)}/name`);
  const vm = await tx.read(`${homePath(id)}/vm`);
  // Half made, or on its way out.
  if (name === undefined || vm === undefined) return undefined;
  const type = await tx.read(`${libxlPath(id)}/type`);
  return {
    id,
    name,
    uuid: vm.slice(vm.lastIndexOf('/') + 1),
    type: TYPES.find((known) => known === type) ?? 'unknown',
  };
}
