/** A guest's front end for tests: XenBus states and keys as pcifront writes them, over the guest's own connection. */
import { domainId, type DomainId } from '../../src/xen/domain.js';
import { frontendPath, backendPath, Command } from '../../src/xen/pciif/index.js';
import { discard, XenStoreClient, type StoreView, type XenStore } from '../../src/xen/store/index.js';
import type { MemoryPlatform } from '../xen/memory-platform.js';
import { permissions } from '../xen/store/tree-text.js';
import { SharedPageGuest, type Reply } from './shared-page-guest.js';

const REFERENCE = 8;
const PORT = 9;

/** What libxl writes at `xl create`, in one transaction. */
export async function toolStackCreates(
  store: XenStore,
  guest: number,
  devices: readonly string[],
): Promise<void> {
  const back = backendPath(domainId(0), domainId(guest));
  const front = frontendPath(domainId(guest));
  await store.transaction(async (tx) => {
    await tx.mkdir(back);
    await tx.setPermissions(back, permissions('n0', `r${guest}`));
    const keys: Record<string, string> = {
      frontend: front,
      'frontend-id': String(guest),
      online: '1',
      state: '1',
      domain: `guest${guest}`,
      num_devs: String(devices.length),
    };
    for (const [index, device] of devices.entries()) {
      keys[`key-${index}`] = device;
      keys[`dev-${index}`] = device;
      keys[`opts-${index}`] = 'msitranslate=0,power_mgmt=0,permissive=0,rdm_policy=strict';
      keys[`state-${index}`] = '1';
    }
    await tx.mkdir(front);
    await tx.setPermissions(front, permissions(`n${guest}`, 'r0'));
    await tx.write(`${front}/backend`, back);
    await tx.write(`${front}/backend-id`, '0');
    await tx.write(`${front}/state`, '1');
    for (const [key, value] of Object.entries(keys)) await tx.write(`${back}/${key}`, value);
  });
}

/** What libxl does when the last function is detached: both directories go, and the guest stays. */
export async function toolStackRemovesPair(store: XenStore, guest: number): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.remove(frontendPath(domainId(guest)));
    await tx.remove(backendPath(domainId(0), domainId(guest)));
  });
}

/** What `xl destroy` leaves of the pair: nothing. */
export async function toolStackDestroys(store: XenStore, guest: number): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.remove(`/local/domain/${guest}`);
    await tx.remove(backendPath(domainId(0), domainId(guest)));
    await tx.remove(`/local/domain/0/backend/pci/${guest}`);
    await tx.remove('/local/domain/0/backend/pci');
  });
}

/** Where libxl finds a function in the back end's directory: by its `dev-N`. */
async function numberOf(store: StoreView, back: string, device: string): Promise<number> {
  const count = Number(await store.read(`${back}/num_devs`));
  for (let index = 0; index < count; index++)
    if ((await store.read(`${back}/dev-${index}`)) === device) return index;
  throw new Error(`${device} is not in ${back}`);
}

/** `xl pci-attach`: a new entry behind the last, and state 7. */
export async function toolStackAttaches(store: XenStore, guest: number, device: string): Promise<void> {
  const back = backendPath(domainId(0), domainId(guest));
  await store.transaction(async (tx) => {
    const index = Number(await tx.read(`${back}/num_devs`));
    const keys = {
      [`key-${index}`]: device,
      [`dev-${index}`]: device,
      [`state-${index}`]: '1',
      num_devs: String(index + 1),
    };
    for (const [key, value] of Object.entries({ ...keys, state: '7' }))
      await tx.write(`${back}/${key}`, value);
  });
}

/** The first half of `xl pci-detach`: the entry is marked, and state 7. */
export async function toolStackDetaches(store: XenStore, guest: number, device: string): Promise<void> {
  const back = backendPath(domainId(0), domainId(guest));
  await store.transaction(async (tx) => {
    await tx.write(`${back}/state-${await numberOf(tx, back, device)}`, '5');
    await tx.write(`${back}/state`, '7');
  });
}

/** Its second half: the entry goes, and every later one moves down by one. */
export async function toolStackForgets(store: XenStore, guest: number, device: string): Promise<void> {
  const back = backendPath(domainId(0), domainId(guest));
  await store.transaction(async (tx) => {
    const count = Number(await tx.read(`${back}/num_devs`));
    for (let index = await numberOf(tx, back, device); index < count; index++) {
      for (const key of ['key', 'dev', 'state', 'vdev', 'opts']) {
        const next = await tx.read(`${back}/${key}-${index + 1}`);
        if (next === undefined) await tx.remove(`${back}/${key}-${index}`);
        else await tx.write(`${back}/${key}-${index}`, next);
      }
    }
    await tx.write(`${back}/num_devs`, String(count - 1));
  });
}

export class FrontEnd {
  readonly guest: DomainId;
  readonly page = new SharedPageGuest();
  readonly store: XenStore;
  readonly #platform: MemoryPlatform;
  #raise: () => void = () => undefined;

  constructor(platform: MemoryPlatform, guest: number) {
    this.guest = domainId(guest);
    this.#platform = platform;
    this.store = new XenStoreClient(platform.server.connect({ domain: this.guest }));
    platform.pages.set(`${guest}/${REFERENCE}`, this.page.words.buffer);
  }

  get back(): string {
    return backendPath(domainId(0), this.guest);
  }

  /** Writes keys of the front end's directory, as it likes. */
  async write(keys: Readonly<Record<string, string>>): Promise<void> {
    await this.store.transaction(async (tx) => {
      for (const [key, value] of Object.entries(keys))
        await tx.write(`${frontendPath(this.guest)}/${key}`, value);
    });
  }

  /** Publishes the page and the port, and says so. */
  async publish(): Promise<void> {
    const channel = { onNotified: () => undefined, raise: () => undefined };
    this.#platform.ports.set(`${this.guest}/${PORT}`, channel);
    this.#raise = () => {
      channel.raise();
    };
    await this.write({
      'pci-op-ref': String(REFERENCE),
      'event-channel': String(PORT),
      magic: '7',
      state: '3',
    });
  }

  /** Waits until the back end's state is one of these. */
  async backState(...states: readonly number[]): Promise<number> {
    const key = `${this.back}/state`;
    let stop: () => void = () => undefined;
    const reached = new Promise<number>((resolve) => {
      const look = async () => {
        const state = Number((await this.#platform.store.read(key)) ?? NaN);
        if (states.includes(state)) resolve(state);
      };
      const timer = setInterval(() => void look(), 5);
      stop = () => {
        clearInterval(timer);
      };
    });
    const state = await Promise.race([
      reached,
      new Promise<never>((_resolve, reject) => {
        setTimeout(() => {
          reject(new Error(`the back end did not reach ${states.join(' or ')}`));
        }, 15_000).unref();
      }),
    ]).finally(stop);
    return state;
  }

  /** The whole start, as pcifront does it. */
  async connect(): Promise<void> {
    await this.backState(3);
    await this.publish();
    await this.backState(4);
    await this.write({ state: '4' });
  }

  /** Follows hot changes from now on by itself, as pcifront does. */
  async follow(): Promise<void> {
    const own = `${frontendPath(this.guest)}/state`;
    await this.store.watch(`${this.back}/state`, async () => {
      // Refused once the pair is gone: a guest may not know what is not there.
      const back = await this.store.read(`${this.back}/state`).catch(() => undefined);
      const front = await this.store.read(own).catch(() => undefined);
      if (back === '7' && front === '4') await this.write({ state: '7' });
      else if (back === '8' && front === '7') await this.write({ state: '4' });
    });
  }

  /** A hot change from the guest's side: lets the tool stack ask for it, follows, and is connected again. */
  async reconfigure(ask: () => Promise<void>): Promise<void> {
    await ask();
    await this.write({ state: '7' });
    await this.backState(8);
    await this.write({ state: '4' });
    await this.backState(4);
  }

  read(devfn: number, offset: number, size: number): Reply {
    this.page.request({ command: Command.configRead, domain: 0, bus: 0, devfn, offset, size, value: 0 });
    this.#raise();
    return this.page.reply();
  }

  /** Keys of the back end's directory that match. */
  async backKeys(): Promise<Readonly<Record<string, string>>> {
    return this.#platform.store.transaction(async (tx) => {
      const keys: Record<string, string> = {};
      for (const name of (await tx.list(this.back)) ?? [])
        keys[name] = (await tx.read(`${this.back}/${name}`)) ?? '';
      return discard(keys as Readonly<Record<string, string>>);
    });
  }
}
