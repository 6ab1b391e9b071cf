/** A guest's front end for tests: XenBus states and keys as pcifront writes them, over the guest's own connection. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Pair, type PairView } from '../../src/admin/pair.js';
import { notations } from '../../src/pci/index.js';
import { domainId, type DomainId } from '../../src/xen/domain.js';
import { frontendPath, backendPath, Command } from '../../src/xen/pciif/index.js';
import type { GrantedPage, GuestPlatform, OfferedChannel, XenPlatform } from '../../src/xen/platform.js';
import { discard, type XenStore } from '../../src/xen/store/index.js';
import { permissions } from '../xen/store/tree-text.js';
import { SharedPageGuest, WORD, type Reply } from './shared-page-guest.js';

/** Flag of the page: the guest handles AER. */
const AER_HANDLER = 2;

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

/** Our own tool stack's hands, which do what libxl does; the rest of what attach and detach are is not asked here. */
async function pairOf(store: XenStore, guest: number): Promise<{ pair: Pair; seen: PairView }> {
  const pair = new Pair(store, domainId(0), {
    id: domainId(guest),
    name: `guest${guest}`,
    uuid: 'none',
    type: 'pv',
  });
  const seen = await pair.look();
  if (seen === undefined) throw new Error(`guest ${guest} has no pair`);
  return { pair, seen };
}

/** A new entry behind the last; while the guest is connected, state 7. */
export async function toolStackAttaches(store: XenStore, guest: number, device: string): Promise<void> {
  const { pair, seen } = await pairOf(store, guest);
  const address = notations.xenstore.parse(device);
  const options = 'msitranslate=0,power_mgmt=0,permissive=0,rdm_policy=strict';
  await pair.add([{ address, virtualDevfn: undefined, name: undefined, options }], seen);
}

/** The first half of a detach: the entry is marked, and state 7. */
export async function toolStackDetaches(store: XenStore, guest: number, device: string): Promise<void> {
  const { pair, seen } = await pairOf(store, guest);
  await pair.askToLeave([notations.xenstore.parse(device)], seen);
}

/** Its second half: the entry goes, and every later one moves down by one. */
export async function toolStackForgets(store: XenStore, guest: number, device: string): Promise<void> {
  const { pair } = await pairOf(store, guest);
  await pair.forget([notations.xenstore.parse(device)]);
}

/** What a guest can see of the back end, and what a test can besides. */
export class BackEndSeen {
  readonly guest: DomainId;
  readonly #host: XenPlatform;

  /** `host` is domain 0's view, for what a test wants to know of the other end. */
  constructor(host: XenPlatform, guest: DomainId) {
    this.guest = guest;
    this.#host = host;
  }

  /** The back end's directory. */
  get back(): string {
    return backendPath(domainId(0), this.guest);
  }

  /** Waits until the back end's state is one of these. */
  async backState(...states: readonly number[]): Promise<number> {
    const key = `${this.back}/state`;
    let stop: () => void = () => undefined;
    const reached = new Promise<number>((resolve) => {
      const look = async () => {
        const state = Number((await this.#host.store.read(key)) ?? NaN);
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

  /** Keys of the back end's directory that match. */
  async backKeys(): Promise<Readonly<Record<string, string>>> {
    return this.#host.store.transaction(async (tx) => {
      const keys: Record<string, string> = {};
      for (const name of (await tx.list(this.back)) ?? [])
        keys[name] = (await tx.read(`${this.back}/${name}`)) ?? '';
      return discard(keys as Readonly<Record<string, string>>);
    });
  }
}

export class FrontEnd extends BackEndSeen {
  readonly page: SharedPageGuest;
  readonly store: XenStore;
  readonly #granted: GrantedPage;
  readonly #channel: OfferedChannel;

  constructor(host: XenPlatform, guest: GuestPlatform) {
    super(host, guest.domain);
    this.store = guest.store;
    this.#granted = guest.sharePage(host.domain);
    this.#channel = guest.offerChannel(host.domain);
    this.page = new SharedPageGuest(this.#granted.bytes);
    // As pcifront does before it publishes the page.
    Atomics.or(this.page.words, WORD.flags, AER_HANDLER);
  }

  /** What the back end needs to reach us, as keys of the front end's directory. */
  get keys(): Readonly<Record<'pci-op-ref' | 'event-channel' | 'magic', string>> {
    return {
      'pci-op-ref': String(this.#granted.reference),
      'event-channel': String(this.#channel.port),
      magic: '7',
    };
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
    await this.write({ ...this.keys, state: '3' });
  }

  /** The whole start, as pcifront does it. */
  async connect(): Promise<void> {
    await this.backState(3);
    await this.publish();
    await this.backState(4);
    await this.write({ state: '4' });
  }

  /** Does by itself from now on what pcifront does: connects to each new pair, and follows hot changes. */
  async follow(): Promise<void> {
    // Refused while there is no pair: a guest may not know what is not there.
    const stateAt = (path: string) => this.store.read(`${path}/state`).catch(() => undefined);
    await this.store.watch(`${this.back}/state`, async () => {
      const [back, front] = [await stateAt(this.back), await stateAt(frontendPath(this.guest))];
      if (back === '3' && front === '1') await this.publish();
      else if (back === '4' && front === '3') await this.write({ state: '4' });
      else if (back === '7' && front === '4') await this.write({ state: '7' });
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
    this.ask({ command: Command.configRead, domain: 0, bus: 0, devfn, offset, size, value: 0 });
    return this.page.reply();
  }

  /** As {@link read}, for one whose channel may have been slowed down, because it notified without a request. */
  async readWhenHeard(devfn: number, offset: number, size: number): Promise<Reply> {
    this.ask({ command: Command.configRead, domain: 0, bus: 0, devfn, offset, size, value: 0 });
    while (this.page.waiting) await sleep(1);
    return this.page.reply();
  }

  /** Any request; words that are not named stay as they are. */
  ask(fields: Parameters<SharedPageGuest['request']>[0]): void {
    this.page.request(fields);
    this.notify();
  }

  /** An event, with a request or without one. */
  notify(): void {
    this.#channel.notify();
  }
}
