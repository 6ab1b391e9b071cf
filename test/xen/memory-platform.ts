/** A platform in memory for tests: the store's server, pages and channels of a simulated guest, and a log of every grant. */
import type { PciAddress } from '../../src/pci/index.js';
import { domainId, type DomainId } from '../../src/xen/domain.js';
import { XenCallError } from '../../src/xen/errors.js';
import type {
  EventChannel,
  EventPort,
  ForeignPage,
  GrantReference,
  GuestStatus,
  InterruptRoute,
  MachineFrame,
  Pirq,
  XenPlatform,
} from '../../src/xen/platform.js';
import {
  StoreServer,
  XenStoreClient,
  type StoreTransport,
  type XenStore,
} from '../../src/xen/store/index.js';

export class MemoryPlatform implements XenPlatform {
  readonly domain: DomainId = domainId(0);
  readonly server: StoreServer;
  readonly store: XenStore;
  /** Pages by `domain/reference`; a guest in a test puts them here. */
  readonly pages = new Map<string, ArrayBufferLike>();
  /** What happens in the guest when we notify its port, by `domain/port`. */
  readonly ports = new Map<string, { onNotified: () => void; raise: () => void }>();
  /** Pages and channels that are open now. */
  open = { pages: 0, channels: 0 };
  readonly mapped = new Map<Pirq, { guest: DomainId; route: InterruptRoute }>();
  readonly protectedTables = new Set<string>();
  readonly assigned: string[] = [];
  /** What guests may reach now: `1 memory febd0`, `1 port c140`, `1 pirq 10`, `1 function 0000:00:08.0`. */
  readonly granted = new Set<string>();
  needsMachineFrames = false;
  /** Guests that do not run. */
  readonly paused = new Set<number>();
  /** Makes the next call of this name fail, with a XenCallError of that errno. */
  failing: { readonly call: 'assign' | 'memory' | 'ports' | 'interrupt'; readonly errno: string } | undefined;
  /** Makes the n-th mapping of a pirq from now on fail. */
  refusePirq = 0;
  #nextPirq = 50;

  /** Of a host of its own, or one more view of the same store: `tap` stands between the store and its client. */
  constructor(server = new StoreServer(), tap: (transport: StoreTransport) => StoreTransport = (one) => one) {
    this.server = server;
    this.store = new XenStoreClient(tap(server.connect()));
  }

  mapGrant(owner: DomainId, reference: GrantReference): ForeignPage {
    const buffer = this.pages.get(`${owner}/${reference}`);
    if (buffer === undefined) throw new Error(`no grant ${reference} of ${owner}`);
    this.open.pages++;
    return { bytes: new Uint8Array(buffer), close: () => this.open.pages-- };
  }

  bindChannel(peer: DomainId, port: EventPort, onEvent: () => void): EventChannel {
    const key = `${peer}/${port}`;
    const guest = this.ports.get(key);
    if (guest === undefined) throw new Error(`no port ${port} of ${peer}`);
    this.open.channels++;
    let open = true;
    guest.raise = () => {
      if (open) onEvent();
    };
    return {
      notify: () => {
        guest.onNotified();
      },
      close: () => {
        open = false;
        this.open.channels--;
      },
    };
  }

  status(guest: DomainId): GuestStatus {
    return { paused: this.paused.has(guest), lacking: [] };
  }

  #attempt(call: NonNullable<MemoryPlatform['failing']>['call']): void {
    const { failing } = this;
    if (failing?.call !== call) return;
    this.failing = undefined;
    throw new XenCallError(call, failing.errno, {});
  }

  #grant(guest: DomainId, what: string, first: number, count: number, allow: boolean): void {
    for (let number = first; number < first + count; number++) {
      const entry = `${guest} ${what} ${number.toString(16)}`;
      if (allow) this.granted.add(entry);
      else this.granted.delete(entry);
    }
  }

  readonly permissions = {
    memory: (guest: DomainId, first: MachineFrame, frames: number, allow: boolean) => {
      if (allow) this.#attempt('memory');
      this.#grant(guest, 'memory', first, frames, allow);
    },
    ports: (guest: DomainId, first: number, count: number, allow: boolean) => {
      if (allow) this.#attempt('ports');
      this.#grant(guest, 'port', first, count, allow);
    },
    interrupt: (guest: DomainId, pirq: Pirq, allow: boolean) => {
      if (allow) this.#attempt('interrupt');
      this.#grant(guest, 'pirq', pirq, 1, allow);
    },
  };

  readonly pirqs = {
    map: (guest: DomainId, route: InterruptRoute): Pirq => {
      if (this.refusePirq > 0 && --this.refusePirq === 0) throw new Error('no pirq left');
      // As the tool stacks ask for it: the number of a line is the number of its pirq.
      const pirq = (route.kind === 'intx' ? route.gsi : this.#nextPirq++) as Pirq;
      this.mapped.set(pirq, { guest, route });
      return pirq;
    },
    unmap: (_guest: DomainId, pirq: Pirq): void => {
      if (!this.mapped.delete(pirq)) throw new Error(`pirq ${pirq} is not mapped`);
    },
  };

  readonly assignment = {
    assign: (guest: DomainId, address: PciAddress): void => {
      this.#attempt('assign');
      this.assigned.push(`assign ${address} ${guest}`);
      this.granted.add(`${guest} function ${address}`);
    },
    deassign: (guest: DomainId, address: PciAddress): void => {
      this.assigned.push(`deassign ${address} ${guest}`);
      if (!this.granted.delete(`${guest} function ${address}`))
        throw new XenCallError('deassign', 'ENODEV', { guest, address: String(address) });
    },
    quarantine: (address: PciAddress): void => {
      this.assigned.push(`quarantine ${address}`);
    },
    unquarantine: (address: PciAddress): boolean => {
      this.assigned.push(`unquarantine ${address}`);
      return true;
    },
    prepareMsix: (address: PciAddress): boolean => {
      this.protectedTables.add(String(address));
      return true;
    },
    releaseMsix: (address: PciAddress): void => {
      this.protectedTables.delete(String(address));
    },
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    await this.server.close();
  }
}
