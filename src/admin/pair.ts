/** The tool stack's side of a guest's PCI pair: exactly the keys and transactions by which libxl makes and changes one. */
import { notations, tryParse, type PciAddress } from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import {
  backendPath,
  ExportState,
  frontendPath,
  MAX_FUNCTIONS,
  numbered,
  parseState,
  XenbusState,
} from '../xen/pciif/index.js';
import {
  discard,
  removeWithEmptyParents,
  XenStoreContendedError,
  type StoreView,
  type XenStore,
} from '../xen/store/index.js';
import { GuestGoneError } from './errors.js';
import { isThere, libxlPath, type Guest } from './guests.js';

/** A function as it is to be listed. */
export interface WantedFunction {
  readonly address: PciAddress;
  /** Slot and function on the guest's bus, where the slot was asked for. */
  readonly virtualDevfn: number | undefined;
  /** Its name among the assignable ones. */
  readonly name: string | undefined;
  /** Value of `opts-N`. */
  readonly options: string;
}

/** A function as it is listed. */
export interface ListedFunction {
  readonly index: number;
  readonly address: PciAddress;
  readonly state: number;
  /** Address in the guest, once it is exported. */
  readonly virtual: PciAddress | undefined;
}

/** The pair as it stood at one moment. */
export interface PairView {
  readonly back: XenbusState;
  readonly front: XenbusState;
  readonly functions: readonly ListedFunction[];
}

export interface ForgetOptions {
  /** Only while the pair stands in these states. */
  readonly seen?: PairView;
  /** Keeps a pair without functions: a front end may not survive it when the other end's directory goes. */
  readonly keepEmpty?: boolean;
}

/** Keys of one function, in libxl's orders: as it removes them, and as it moves them down. */
const REMOVED = ['state', 'key', 'dev', 'vdev', 'opts', 'vdevfn', 'name'] as const;
const MOVED = ['state', 'dev', 'key', 'vdev', 'opts', 'vdevfn', 'name'] as const;

export class Pair {
  readonly back: string;
  readonly front: string;
  readonly #store: XenStore;
  readonly #own: DomainId;
  readonly #guest: Guest;

  constructor(store: XenStore, own: DomainId, guest: Guest) {
    this.#store = store;
    this.#own = own;
    this.#guest = guest;
    this.back = backendPath(own, guest.id);
    this.front = frontendPath(guest.id);
  }

  /**
   * Undefined where there is none. The back end's directory is seen at one moment, so that a function that is moved in
   * the list is not missed; the guest, which writes its state as often as it likes, cannot disturb that.
   */
  look(): Promise<PairView | undefined> {
    return this.#store.transaction((tx) => this.#view(tx, this.#store));
  }

  /**
   * Both ends' directories, made with their first functions.
   * @returns false when there is a pair already. @throws {GuestGoneError} and leaves no keys of a dead guest.
   */
  create(wanted: readonly WantedFunction[]): Promise<boolean> {
    const { id, name } = this.#guest;
    return this.#store.transaction(async (tx) => {
      if (!(await isThere(tx, this.#guest))) throw new GuestGoneError(this.#guest);
      if ((await this.#view(tx)) !== undefined) return discard(false);
      await tx.remove(this.back);
      await tx.mkdir(this.back);
      await tx.setPermissions(this.back, [
        { access: 'none', domain: this.#own },
        { access: 'read', domain: id },
      ]);
      await writeAll(tx, this.back, {
        frontend: this.front,
        'frontend-id': String(id),
        online: '1',
        state: String(XenbusState.initialising),
        domain: name,
      });
      await tx.remove(this.front);
      await tx.mkdir(this.front);
      await tx.setPermissions(this.front, [
        { access: 'none', domain: id },
        { access: 'read', domain: this.#own },
      ]);
      await writeAll(tx, this.front, {
        backend: this.back,
        'backend-id': String(this.#own),
        state: String(XenbusState.initialising),
      });
      await this.#list(tx, wanted, 0);
      return true;
    });
  }

  /**
   * Lists functions behind the last. While the ends are connected they are told to reconfigure; before that the back
   * end finds them by itself. @returns false when the states are no longer `seen`'s: nothing was changed then.
   */
  add(wanted: readonly WantedFunction[], seen: PairView): Promise<boolean> {
    return this.#change(seen, async (tx) => {
      await this.#list(tx, wanted, await this.#count(tx));
      if (seen.back === XenbusState.connected) await this.#setState(tx, XenbusState.reconfiguring);
    });
  }

  /** Asks the guest to let go of functions. @returns false as {@link add}. */
  askToLeave(addresses: readonly PciAddress[], seen: PairView): Promise<boolean> {
    return this.#change(seen, async (tx, { functions }) => {
      for (const { index } of functions.filter(isOneOf(addresses)))
        await tx.write(`${this.back}/${numbered.state(index)}`, String(ExportState.leaving));
      await this.#setState(tx, XenbusState.reconfiguring);
    });
  }

  /** Takes {@link askToLeave} back: a guest that did not answer keeps what it has. */
  async letStay(addresses: readonly PciAddress[]): Promise<void> {
    await this.#store.transaction(async (tx) => {
      const view = await this.#view(tx, this.#store);
      if (view?.back !== XenbusState.reconfiguring) return discard(undefined);
      for (const { index, state } of view.functions.filter(isOneOf(addresses)))
        if (state === ExportState.leaving)
          await tx.write(`${this.back}/${numbered.state(index)}`, String(ExportState.exported));
      await this.#setState(tx, XenbusState.connected);
      return undefined;
    });
  }

  /**
   * Takes functions off the list, and moves later ones down. When none is left both directories go, unless they are to
   * be kept; a change that nobody finished ends.
   * @returns those that were on it; undefined when the states are no longer those of `seen`, where that is given: nothing
   * was changed then.
   */
  async forget(
    addresses: readonly PciAddress[],
    { seen, keepEmpty = false }: ForgetOptions = {},
  ): Promise<readonly PciAddress[] | undefined> {
    const done = await this.#store.transaction<{ gone: readonly PciAddress[]; left?: number } | undefined>(
      async (tx) => {
        // A guest that writes its state all the time would be in the way of every attempt: read only where it counts.
        const view = await this.#view(tx, seen === undefined ? this.#store : tx);
        const leaving = view?.functions.filter(isOneOf(addresses)) ?? [];
        if (view === undefined || leaving.length === 0) return discard({ gone: [] });
        if (seen !== undefined && !sameStates(view, seen)) return discard(undefined);
        let left = await this.#count(tx);
        for (const { index } of [...leaving].reverse()) {
          await this.#unlist(tx, index, left);
          left--;
        }
        const unfinished = view.back === XenbusState.reconfiguring || view.back === XenbusState.reconfigured;
        if (unfinished && left > 0) await this.#setState(tx, XenbusState.connected);
        return { gone: leaving.map(({ address }) => address), left };
      },
    );
    if (done?.left === 0 && !keepEmpty) await this.#destroy();
    return done?.gone;
  }

  /** Unless somebody has listed another function meanwhile, whose pair it is then. */
  async #destroy(): Promise<void> {
    const remove = () =>
      this.#store.transaction(async (tx) => {
        if ((await this.#count(tx)) > 0) return discard(undefined);
        for (const path of [this.front, `${libxlPath(this.#guest.id)}/device/pci/0`, this.back])
          await removeWithEmptyParents(tx, path, '/');
        return undefined;
      });
    try {
      await remove();
    } catch (error) {
      if (!(error instanceof XenStoreContendedError)) throw error;
      if ((await this.#count(this.#store)) > 0) return;
      // The guest writes into its directory all the time. It cannot make a new one.
      await this.#store.remove(this.front);
      await remove();
    }
  }

  async #change(seen: PairView, change: (tx: StoreView, now: PairView) => Promise<void>): Promise<boolean> {
    return this.#store.transaction(async (tx) => {
      const now = await this.#view(tx);
      if (now === undefined || !sameStates(now, seen)) return discard(false);
      await change(tx, now);
      return true;
    });
  }

  async #list(tx: StoreView, wanted: readonly WantedFunction[], from: number): Promise<void> {
    for (const [offset, { address, virtualDevfn, name, options }] of wanted.entries()) {
      const index = from + offset;
      const text = notations.xenstore.format(address);
      await writeAll(tx, this.back, {
        [`key-${index}`]: text,
        [numbered.device(index)]: text,
        ...(virtualDevfn === undefined ? {} : { [numbered.virtualWanted(index)]: virtualDevfn.toString(16) }),
        ...(name === undefined ? {} : { [`name-${index}`]: name }),
        [numbered.options(index)]: options,
        [numbered.state(index)]: String(ExportState.wanted),
      });
    }
    await tx.write(`${this.back}/num_devs`, String(from + wanted.length));
  }

  async #unlist(tx: StoreView, index: number, count: number): Promise<void> {
    for (const key of REMOVED) await tx.remove(`${this.back}/${key}-${index}`);
    await tx.write(`${this.back}/num_devs`, String(count - 1));
    for (let later = index + 1; later < count; later++) {
      for (const key of MOVED) {
        const value = await tx.read(`${this.back}/${key}-${later}`);
        if (value === undefined) continue;
        await tx.write(`${this.back}/${key}-${later - 1}`, value);
        await tx.remove(`${this.back}/${key}-${later}`);
      }
    }
  }

  async #setState(tx: StoreView, state: XenbusState): Promise<void> {
    await tx.write(`${this.back}/state`, String(state));
  }

  async #view(tx: StoreView, front: StoreView = tx): Promise<PairView | undefined> {
    const back = await tx.read(`${this.back}/state`);
    if (back === undefined) return undefined;
    const functions: ListedFunction[] = [];
    for (let index = 0, count = await this.#count(tx); index < count; index++) {
      const address = tryParse(
        notations.xenstore,
        (await tx.read(`${this.back}/${numbered.device(index)}`)) ?? '',
      );
      if (address === undefined) continue;
      const state = Number(await tx.read(`${this.back}/${numbered.state(index)}`));
      const virtual = tryParse(
        notations.vdev,
        (await tx.read(`${this.back}/${numbered.virtual(index)}`)) ?? '',
      );
      functions.push({ index, address, state, virtual });
    }
    return { back: parseState(back), front: parseState(await front.read(`${this.front}/state`)), functions };
  }

  /** As far as it can be a count: the back end refuses what cannot. */
  async #count(tx: StoreView): Promise<number> {
    const text = (await tx.read(`${this.back}/num_devs`)) ?? '';
    return /^\d{1,3}$/.test(text) ? Math.min(Number(text), MAX_FUNCTIONS) : 0;
  }
}

function sameStates(one: PairView, other: PairView): boolean {
  return one.back === other.back && one.front === other.front;
}

const isOneOf =
  (addresses: readonly PciAddress[]) =>
  ({ address }: { readonly address: PciAddress }): boolean =>
    addresses.some((one) => one.equals(address));

async function writeAll(
  tx: StoreView,
  directory: string,
  keys: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [key, value] of Object.entries(keys)) await tx.write(`${directory}/${key}`, value);
}
