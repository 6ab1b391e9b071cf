/** One guest's PCI pair in XenStore, as the back end reads and writes it. */
import { notations, OpenslotError, type PciAddress, type RootBus } from '../pci/index.js';
import { DOM0, type DomainId } from '../xen/domain.js';
import {
  backendPath,
  backendRoot,
  ExportState,
  FEATURE_RECONFIGURE,
  frontendPath,
  MAX_FUNCTIONS,
  numbered,
  parseState,
  PCIIF_MAGIC,
  type XenbusState,
} from '../xen/pciif/index.js';
import type { EventPort, GrantReference } from '../xen/platform.js';
import {
  discard,
  homePath,
  removeWithEmptyParents,
  type StoreView,
  type XenStore,
} from '../xen/store/index.js';

/** The guest's front end wrote something that cannot be used. */
export class FrontendKeysError extends OpenslotError {
  readonly code = 'FRONTEND_KEYS_BAD';
  constructor(guest: DomainId, key: string, value: string | undefined, expected: string) {
    super(
      `guest ${guest} wrote ${key} = ${value === undefined ? 'nothing' : JSON.stringify(value.slice(0, 64))}; expected ${expected}`,
      { guest, key, value: value?.slice(0, 64) ?? 'absent', expected },
      'the guest needs a front end that speaks protocol "7": Linux xen-pcifront or NetBSD xpci',
    );
  }
}

/** The tool stack wrote something that cannot be used. */
export class BackendKeysError extends OpenslotError {
  readonly code = 'BACKEND_KEYS_BAD';
  constructor(
    guest: DomainId,
    key: string,
    value: string | undefined,
    expected: string,
    options?: ErrorOptions,
  ) {
    super(
      `the back end directory of guest ${guest} has ${key} = ${value === undefined ? 'nothing' : JSON.stringify(value)}; expected ${expected}`,
      { guest, key, value: value ?? 'absent', expected },
      `xenstore-ls -fp ${backendPath(DOM0, guest)}`,
      options,
    );
  }
}

/** One function that the tool stack wants exported or taken away. */
export interface FunctionEntry {
  readonly index: number;
  readonly state: number;
  readonly address: PciAddress;
  /** Slot on the guest's bus, where one was asked for. */
  readonly wantedSlot: number | undefined;
}

/** Both ends' states, as they stood at one moment. */
export interface PairStates {
  readonly own: XenbusState;
  readonly front: XenbusState;
}

/** What became of a function on the list. */
export interface ListedFunction {
  readonly address: PciAddress;
  /** Where the guest sees it; undefined when it could not be exported, and stays wanted. */
  readonly virtual: PciAddress | undefined;
}

function keysOf(index: number, virtual: PciAddress | undefined): Record<string, string> {
  // Written again as it is, so that a tool stack that waits for it is woken and learns of the refusal.
  if (virtual === undefined) return { [numbered.state(index)]: String(ExportState.wanted) };
  return {
    [numbered.virtual(index)]: notations.vdev.format(virtual),
    [numbered.state(index)]: String(ExportState.exported),
  };
}

export class PairKeys {
  readonly guest: DomainId;
  readonly #store: XenStore;
  readonly #own: DomainId;
  readonly #back: string;
  readonly #front: string;

  constructor(store: XenStore, own: DomainId, guest: DomainId) {
    this.#store = store;
    this.#own = own;
    this.guest = guest;
    this.#back = backendPath(own, guest);
    this.#front = frontendPath(guest);
  }

  get frontendState(): string {
    return `${this.#front}/state`;
  }

  /** What tells the guest from a later one with its id; empty where the tool stack gives none. */
  async uuid(): Promise<string> {
    return (await this.#store.read(`${homePath(this.guest)}/vm`)) ?? '';
  }

  /** Undefined when the tool stack has removed the pair. */
  states(): Promise<PairStates | undefined> {
    return this.#store.transaction(async (tx) => {
      const own = await tx.read(`${this.#back}/state`);
      if (own === undefined) return discard(undefined);
      return discard({
        own: parseState(own),
        front: parseState(await tx.read(this.frontendState)),
      });
    });
  }

  /** Changes our state, and tells of listed functions with it; see {@link tell}. */
  switchState(
    state: XenbusState,
    listed: readonly ListedFunction[] = [],
    roots: readonly RootBus[] = [],
  ): Promise<boolean> {
    return this.#write(listed, roots, { state: String(state) });
  }

  /**
   * Tells what became of listed functions, and of root buses that are not published yet, unless the directory is gone: a
   * write would bring back what a destroyed guest's tool stack has just removed. A function is told of at the number that
   * it has by now, and not at all when it was taken off the list.
   * @returns false when the directory is gone.
   */
  tell(listed: readonly ListedFunction[], roots: readonly RootBus[]): Promise<boolean> {
    return this.#write(listed, roots, {});
  }

  #write(
    listed: readonly ListedFunction[],
    roots: readonly RootBus[],
    keys: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    return this.#store.transaction(async (tx) => {
      const current = await tx.read(`${this.#back}/state`);
      if (current === undefined) return discard(false);
      const indices = listed.length === 0 ? new Map<number, number>() : await this.#indices(tx);
      const told: Record<string, string> = {};
      for (const { address, virtual } of listed) {
        const index = indices.get(address.sbdf);
        if (index !== undefined) Object.assign(told, keysOf(index, virtual));
      }
      for (const [key, value] of Object.entries(told)) await tx.write(`${this.#back}/${key}`, value);
      await this.#publishRoots(tx, roots);
      for (const [key, value] of Object.entries(keys)) await tx.write(`${this.#back}/${key}`, value);
      return true;
    });
  }

  /** Numbers of the listed functions, by address. */
  async #indices(tx: StoreView): Promise<Map<number, number>> {
    const indices = new Map<number, number>();
    for (let index = 0, count = await this.#count(tx); index < count; index++) {
      const text = await tx.read(`${this.#back}/${numbered.device(index)}`);
      if (text !== undefined) indices.set(this.#address(index, text).sbdf, index);
    }
    return indices;
  }

  /**
   * Behind the last. One that was published stays, also when its last function has left: a front end that has made a
   * bus of it keeps that bus (Linux's does, and its back end never takes a root back).
   */
  async #publishRoots(tx: StoreView, roots: readonly RootBus[]): Promise<void> {
    if (roots.length === 0) return;
    const text = (await tx.read(`${this.#back}/root_num`)) ?? '';
    let count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
    const published = new Set<string | undefined>();
    for (let index = 0; index < count; index++)
      published.add(await tx.read(`${this.#back}/${numbered.root(index)}`));
    for (const root of roots) {
      const name = notations.root.format(root);
      if (published.has(name)) continue;
      await tx.write(`${this.#back}/${numbered.root(count)}`, name);
      count++;
    }
    await tx.write(`${this.#back}/root_num`, String(count));
  }

  /** Tells the tool stack, as Linux's back end does, that the guest must end: it has not recovered a function. */
  writeRecoveryFailed(): Promise<boolean> {
    return this.#write([], [], { aerState: 'aerfail' });
  }

  /**
   * Removes our directory, and the parents that it leaves empty. For a guest that is no more: libxl gives up on a pair
   * that never connected and leaves it behind.
   * @returns false when the tool stack had removed it.
   */
  removeLeftover(): Promise<boolean> {
    return this.#store.transaction(async (tx) => {
      if ((await tx.read(`${this.#back}/frontend-id`)) !== String(this.guest)) return discard(false);
      const pairs = `${backendRoot(this.#own)}/${this.guest}`;
      await removeWithEmptyParents(tx, pairs, homePath(this.#own));
      return true;
    });
  }

  /** Functions by their number, gaps left out. @throws {BackendKeysError} */
  functions(): Promise<readonly FunctionEntry[]> {
    return this.#store.transaction(async (tx) => {
      const count = await this.#count(tx);
      const entries: FunctionEntry[] = [];
      for (let index = 0; index < count; index++) {
        const text = await tx.read(`${this.#back}/${numbered.device(index)}`);
        if (text === undefined) continue;
        entries.push({
          index,
          state: Number(await tx.read(`${this.#back}/${numbered.state(index)}`)),
          address: this.#address(index, text),
          wantedSlot: this.#slot(index, await tx.read(`${this.#back}/${numbered.virtualWanted(index)}`)),
        });
      }
      return discard(entries as readonly FunctionEntry[]);
    });
  }

  /** What the front end published, checked. @throws {FrontendKeysError} */
  async connection(): Promise<{
    readonly page: GrantReference;
    readonly port: EventPort;
    /** It says that it takes changes while it runs. */
    readonly reconfigures: boolean;
  }> {
    const [page, port, magic, reconfigures] = await this.#store.transaction(async (tx) =>
      discard([
        await tx.read(`${this.#front}/pci-op-ref`),
        await tx.read(`${this.#front}/event-channel`),
        await tx.read(`${this.#front}/magic`),
        await tx.read(`${this.#front}/${FEATURE_RECONFIGURE}`),
      ] as const),
    );
    if (magic !== PCIIF_MAGIC) throw new FrontendKeysError(this.guest, 'magic', magic, `"${PCIIF_MAGIC}"`);
    return {
      page: this.#number('pci-op-ref', page) as GrantReference,
      port: this.#number('event-channel', port) as EventPort,
      reconfigures: reconfigures === '1',
    };
  }

  async #count(tx: StoreView): Promise<number> {
    const text = await tx.read(`${this.#back}/num_devs`);
    // A pair is made with its functions in one transaction; an empty one is on its way out.
    if (text === undefined) return 0;
    const count = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
    if (!(count <= MAX_FUNCTIONS)) {
      throw new BackendKeysError(this.guest, 'num_devs', text, `a number from 0 to ${MAX_FUNCTIONS}`);
    }
    return count;
  }

  #address(index: number, text: string): PciAddress {
    try {
      return notations.xenstore.parse(text);
    } catch (cause) {
      throw new BackendKeysError(this.guest, numbered.device(index), text, 'an address DDDD:BB:DD.F', {
        cause,
      });
    }
  }

  #slot(index: number, text: string | undefined): number | undefined {
    if (text === undefined || text === '') return undefined;
    const match = /^(?:0x)?([0-9a-f]{1,3})$/i.exec(text);
    const devfn = match === null ? NaN : parseInt(match[1] ?? '', 16);
    if (!(devfn <= 0xff)) {
      throw new BackendKeysError(
        this.guest,
        numbered.virtualWanted(index),
        text,
        'a hexadecimal number up to ff',
      );
    }
    return devfn >> 3;
  }

  #number(key: string, text: string | undefined): number {
    const value = text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (!(value <= 0xffff_ffff))
      throw new FrontendKeysError(this.guest, key, text, 'a decimal number of 32 bits');
    return value;
  }
}
