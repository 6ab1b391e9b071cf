/** Domain 0 of the embedded Xen: the platform interface for the back end and the tool stack on the hypervisor's thread. */
import { DOM0, type DomainId } from '../domain.js';
import { XenCallError } from '../errors.js';
import type {
  Assignment,
  EventChannel,
  EventPort,
  ForeignPage,
  GrantReference,
  GuestPermissions,
  GuestStatus,
  OnEvent,
  Pirqs,
  XenPlatform,
} from '../platform.js';
import type { XenStore } from '../store/index.js';
import type { LocalAssignment } from './assignment.js';
import { errnoName } from './control-block.js';
import { HandledEvents } from './handled-events.js';
import type { LocalDomain } from './local-domain.js';
import type { LocalPirqs } from './pirqs.js';

export class LocalControlPlatform implements XenPlatform {
  readonly domain = DOM0;
  readonly store: XenStore;
  readonly needsMachineFrames = false;
  readonly assignment: Assignment;
  readonly #domains: ReadonlyMap<DomainId, LocalDomain>;
  readonly #pirqs: LocalPirqs;

  constructor(
    store: XenStore,
    domains: ReadonlyMap<DomainId, LocalDomain>,
    pirqs: LocalPirqs,
    assignment: LocalAssignment,
  ) {
    this.store = store;
    this.#domains = domains;
    this.#pirqs = pirqs;
    this.assignment = {
      translates: () => assignment.translates(),
      assign: (guest, address) => {
        assignment.assign(guest, address);
      },
      // What a domain had went into quarantine when it ended.
      deassign: (guest, address) => {
        if (domains.has(guest)) assignment.deassign(guest, address);
      },
      quarantine: (address) => {
        assignment.quarantine(address);
      },
      unquarantine: (address) => assignment.unquarantine(address),
      prepareMsix: (address) => assignment.prepareMsix(address),
      releaseMsix: (address) => {
        assignment.releaseMsix(address);
      },
    };
  }

  /** Every domain is made with a context for DMA and with the machine's own addresses. */
  status(guest: DomainId): GuestStatus {
    return { type: 'pv', paused: !this.#domain(guest, 'telling of a domain').running, lacking: [] };
  }

  mapGrant(owner: DomainId, reference: GrantReference): ForeignPage {
    const bytes = this.#domain(owner, 'mapping a granted page').grants.page(reference, this.domain);
    if (bytes === undefined) throw new XenCallError('mapping a granted page', 'EINVAL', { owner, reference });
    // The page is the guest's own memory: the view ends with whoever holds it.
    return { bytes, close: () => undefined };
  }

  bindChannel(peer: DomainId, port: EventPort, onEvent: OnEvent): EventChannel {
    const { channels } = this.#domain(peer, 'binding an event channel');
    const handled = new HandledEvents(onEvent);
    const status = channels.bind(this.domain, port, () => {
      handled.raise();
    });
    if (status !== 0) throw new XenCallError('binding an event channel', errnoName(-status), { peer, port });
    return {
      notify: () => {
        if (!handled.closed) channels.raise(port);
      },
      close: () => {
        if (handled.closed) return;
        handled.close();
        channels.unbind(port);
      },
    };
  }

  readonly permissions: GuestPermissions = {
    memory: (guest, first, frames, allow) => {
      this.#change(guest, allow, ({ ranges }) => {
        if (allow) ranges.memory.allow(first, frames);
        else ranges.memory.revoke(first, frames);
      });
    },
    ports: (guest, first, count, allow) => {
      this.#change(guest, allow, ({ ranges }) => {
        if (allow) ranges.ports.allow(first, count);
        else ranges.ports.revoke(first, count);
      });
    },
    interrupt: (guest, pirq, allow) => {
      this.#change(guest, allow, () => {
        this.#pirqs.allow(guest, pirq, allow);
      });
    },
  };

  readonly pirqs: Pirqs = {
    map: (guest, route) => {
      this.#domain(guest, 'mapping a pirq');
      return this.#pirqs.map(guest, route);
    },
    unmap: (guest, pirq) => {
      // What a domain had was released when it ended.
      if (this.#domains.has(guest)) this.#pirqs.unmap(guest, pirq);
    },
    unmapForgotten: (guest, route, known) => {
      this.#pirqs.unmapForgotten(guest, route.function, known);
    },
    restore: (guest, fn) => {
      if (this.#domains.has(guest)) this.#pirqs.restore(guest, fn);
    },
  };

  /** Allowing needs a living domain; revoking from one that is gone has happened already. */
  #change(guest: DomainId, allow: boolean, change: (domain: LocalDomain) => void): void {
    const domain = allow ? this.#domain(guest, 'changing permissions') : this.#domains.get(guest);
    if (domain === undefined) return;
    change(domain);
    if (!allow) domain.ranges.revokeMappings();
  }

  #domain(guest: DomainId, call: string): LocalDomain {
    const domain = this.#domains.get(guest);
    if (domain === undefined) throw new XenCallError(call, 'ESRCH', { guest });
    return domain;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
  }
}
