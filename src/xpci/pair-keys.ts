/** The guest's PCI pair in XenStore, as the front end reads and writes it. */
import { notations, type Notation, type PciAddress, type RootBus } from '../pci/index.js';
import { parseDomainId, type DomainId } from '../xen/domain.js';
import {
  ExportState,
  FEATURE_RECONFIGURE,
  frontendPath,
  MAX_FUNCTIONS,
  numbered,
  parseState,
  PCIIF_MAGIC,
  XenbusState,
} from '../xen/pciif/index.js';
import type { EventPort, GrantReference } from '../xen/platform.js';
// The client's part of the room: a guest's worker has no use for the server.
import { XenStoreRefusedError } from '../xen/store/errors.js';
import { discard, type StoreView, type XenStore } from '../xen/store/store.js';
import { PairKeysError } from './errors.js';

/** A bus number has 8 bits; no back end has more roots than that in one domain. */
const MOST_ROOTS = 256;

/** The pair as it stands at one moment. */
export interface PairView {
  readonly own: XenbusState;
  /** Unknown when the back end's directory is gone. */
  readonly back: XenbusState;
  readonly backend: DomainId;
  /** The back end's directory. */
  readonly backPath: string;
}

export class PairKeys {
  /** The front end's directory. */
  readonly front: string;
  readonly #store: XenStore;

  constructor(store: XenStore, domain: DomainId) {
    this.#store = store;
    this.front = frontendPath(domain);
  }

  /** Undefined when there is no pair. @throws {PairKeysError} */
  view(): Promise<PairView | undefined> {
    return this.#store.transaction(async (tx) => {
      const own = await tx.read(`${this.front}/state`);
      if (own === undefined) return discard(undefined);
      const backPath = await tx.read(`${this.front}/backend`);
      if (backPath?.startsWith('/') !== true)
        throw new PairKeysError(`${this.front}/backend`, backPath, 'the path of the back end');
      const text = await tx.read(`${this.front}/backend-id`);
      const backend = parseDomainId(text);
      if (backend === undefined) throw new PairKeysError(`${this.front}/backend-id`, text, 'a domain id');
      return discard({
        own: parseState(own),
        back: parseState(await readable(tx, `${backPath}/state`)),
        backend,
        backPath,
      });
    });
  }

  /** Tells the back end of page and port. @returns false when the pair is not as fresh as it was. */
  publish(page: GrantReference, port: EventPort): Promise<boolean> {
    return this.#store.transaction(async (tx) => {
      const own = await tx.read(`${this.front}/state`);
      if (parseState(own) !== XenbusState.initialising) return discard(false);
      await tx.write(`${this.front}/pci-op-ref`, String(page));
      await tx.write(`${this.front}/event-channel`, String(port));
      await tx.write(`${this.front}/magic`, PCIIF_MAGIC);
      await tx.write(`${this.front}/${FEATURE_RECONFIGURE}`, '1');
      await tx.write(`${this.front}/state`, String(XenbusState.initialised));
      return true;
    });
  }

  /**
   * Changes our state, unless the directory is gone, where a write would bring it back, or stands at the beginning:
   * then it belongs to a new pair.
   */
  switchState(state: XenbusState): Promise<boolean> {
    return this.#store.transaction(async (tx) => {
      const own = await tx.read(`${this.front}/state`);
      if (own === undefined || parseState(own) === XenbusState.initialising) return discard(false);
      await tx.write(`${this.front}/state`, String(state));
      return true;
    });
  }

  /** Root buses that the back end has; 0000:00 where it says nothing. @throws {PairKeysError} */
  roots(backPath: string): Promise<readonly RootBus[]> {
    return this.#store.transaction(async (tx) => {
      const text = await tx.read(`${backPath}/root_num`);
      if (text === undefined) return discard([{ domain: 0, bus: 0 }]);
      const count = this.#count(`${backPath}/root_num`, text, MOST_ROOTS);
      const roots: RootBus[] = [];
      for (let index = 0; index < count; index++) {
        const path = `${backPath}/${numbered.root(index)}`;
        const root = await tx.read(path);
        if (root !== undefined) roots.push(parsed(path, root, notations.root, 'a root bus DDDD:BB'));
      }
      return discard(roots);
    });
  }

  /** Guest addresses of the functions that the tool stack takes away. @throws {PairKeysError} */
  leaving(backPath: string): Promise<readonly PciAddress[]> {
    return this.#store.transaction(async (tx) => {
      const addresses: PciAddress[] = [];
      const text = await tx.read(`${backPath}/num_devs`);
      const count = text === undefined ? 0 : this.#count(`${backPath}/num_devs`, text, MAX_FUNCTIONS);
      for (let index = 0; index < count; index++) {
        const state = await tx.read(`${backPath}/${numbered.state(index)}`);
        if (Number(state) !== ExportState.leaving) continue;
        const path = `${backPath}/${numbered.virtual(index)}`;
        // One that was never exported has no guest address, and nobody has to let go of it.
        const address = await tx.read(path);
        if (address !== undefined)
          addresses.push(parsed(path, address, notations.vdev, 'a guest address DDDD:BB:DD.FF'));
      }
      return discard(addresses);
    });
  }

  #count(path: string, text: string, most: number): number {
    const count = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
    if (!(count <= most)) throw new PairKeysError(path, text, `a number from 0 to ${most}`);
    return count;
  }
}

function parsed<T>(path: string, text: string, notation: Notation<T>, expected: string): T {
  try {
    return notation.parse(text);
  } catch (cause) {
    throw new PairKeysError(path, text, expected, { cause });
  }
}

/** A store says EACCES, and not ENOENT, for a node that is gone below a directory that the guest may not read. */
async function readable(tx: StoreView, path: string): Promise<string | undefined> {
  try {
    return await tx.read(path);
  } catch (error) {
    if (error instanceof XenStoreRefusedError && error.errno === 'EACCES') return undefined;
    throw error;
  }
}
