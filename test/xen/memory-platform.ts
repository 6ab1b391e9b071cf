/** A platform in memory for tests: the store's server, pages and channels of a simulated guest, and a log of every grant. */
import type { PciAddress } from '../../src/pci/index.js';
import { domainId, type DomainId } from '../../src/xen/domain.js';
import type {
  EventChannel,
  EventPort,
  ForeignPage,
  GrantReference,
  InterruptRoute,
  Pirq,
  XenPlatform,
} from '../../src/xen/platform.js';
import { StoreServer, XenStoreClient, type XenStore } from '../../src/xen/store/index.js';

export class MemoryPlatform implements XenPlatform {
  readonly domain: DomainId = domainId(0);
  readonly server = new StoreServer();
  readonly store: XenStore = new XenStoreClient(this.server.connect());
  /** Pages by `domain/reference`; a guest in a test puts them here. */
  readonly pages = new Map<string, ArrayBufferLike>();
  /** What happens in the guest when we notify its port, by `domain/port`. */
  readonly ports = new Map<string, { onNotified: () => void; raise: () => void }>();
  /** Pages and channels that are open now. */
  open = { pages: 0, channels: 0 };
  readonly mapped = new Map<Pirq, { guest: DomainId; route: InterruptRoute }>();
  readonly protectedTables = new Set<string>();
  readonly assigned: string[] = [];
  /** Makes the n-th mapping of a pirq from now on fail. */
  refusePirq = 0;
  #nextPirq = 50;

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

  readonly permissions = {
    memory: () => undefined,
    ports: () => undefined,
    interrupt: () => undefined,
  };

  readonly pirqs = {
    map: (guest: DomainId, route: InterruptRoute): Pirq => {
      if (this.refusePirq > 0 && --this.refusePirq === 0) throw new Error('no pirq left');
      const pirq = this.#nextPirq++ as Pirq;
      this.mapped.set(pirq, { guest, route });
      return pirq;
    },
    unmap: (_guest: DomainId, pirq: Pirq): void => {
      if (!this.mapped.delete(pirq)) throw new Error(`pirq ${pirq} is not mapped`);
    },
  };

  readonly assignment = {
    assign: (guest: DomainId, address: PciAddress): void => {
      this.assigned.push(`assign ${address} ${guest}`);
    },
    deassign: (guest: DomainId, address: PciAddress): void => {
      this.assigned.push(`deassign ${address} ${guest}`);
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
