/** A platform seen from beside: what was asked of it and is open now, and calls that a test wants refused. */
import type { DomainId } from '../../src/xen/domain.js';
import { XenCallError } from '../../src/xen/errors.js';
import type {
  Assignment,
  EventChannel,
  EventPort,
  ForeignPage,
  GrantReference,
  GuestPermissions,
  GuestStatus,
  InterruptRoute,
  Pirq,
  Pirqs,
  XenPlatform,
  OnEvent,
} from '../../src/xen/platform.js';
import type { XenStore } from '../../src/xen/store/index.js';

type Refusable = 'assign' | 'memory' | 'ports' | 'interrupt' | 'quarantine' | 'unmap';

export interface MappedPirq {
  readonly guest: DomainId;
  readonly pirq: Pirq;
  readonly route: InterruptRoute;
}

/** Everything goes on to the platform behind it; what that one refuses is not counted. */
export class ObservedPlatform implements XenPlatform {
  readonly store: XenStore;
  /** Pages and channels that are open now. */
  readonly open = { pages: 0, channels: 0 };
  readonly protectedTables = new Set<string>();
  /** Changes of assignment, in their order. */
  readonly assigned: string[] = [];
  /** What guests may reach now: `1 memory febd0`, `1 port c040`, `1 pirq 18`, `1 function 0000:00:08.0`. */
  readonly granted = new Set<string>();
  needsMachineFrames: boolean;
  /** What is told of guests instead of what is so. */
  told: Partial<GuestStatus> = {};
  /** The next call of this name fails, with a XenCallError of that errno. */
  failing: { readonly call: Refusable; readonly errno: string } | undefined;
  /** The n-th mapping of a pirq from now on fails. */
  refusePirq = 0;
  readonly #behind: XenPlatform;
  readonly #mapped = new Map<string, MappedPirq>();

  /** `store` stands for the platform's own, and is closed with this. */
  constructor(behind: XenPlatform, store?: XenStore) {
    this.#behind = behind;
    this.store = store ?? behind.store;
    this.needsMachineFrames = behind.needsMachineFrames;
  }

  get domain(): DomainId {
    return this.#behind.domain;
  }

  /** Pirqs that guests have now, oldest first. */
  get mapped(): readonly MappedPirq[] {
    return [...this.#mapped.values()];
  }

  status(guest: DomainId, uuid: string): GuestStatus {
    return { ...this.#behind.status(guest, uuid), ...this.told };
  }

  mapGrant(owner: DomainId, reference: GrantReference): ForeignPage {
    const page = this.#behind.mapGrant(owner, reference);
    this.open.pages++;
    return {
      bytes: page.bytes,
      close: () => {
        this.open.pages--;
        page.close();
      },
    };
  }

  bindChannel(peer: DomainId, port: EventPort, onEvent: OnEvent): EventChannel {
    const channel = this.#behind.bindChannel(peer, port, onEvent);
    this.open.channels++;
    return {
      notify: () => {
        channel.notify();
      },
      close: () => {
        this.open.channels--;
        channel.close();
      },
    };
  }

  #refuseWhereAsked(call: Refusable): void {
    const { failing } = this;
    if (failing?.call !== call) return;
    this.failing = undefined;
    throw new XenCallError(call, failing.errno, {});
  }

  #note(guest: DomainId, what: string, first: number, count: number, allow: boolean): void {
    for (let number = first; number < first + count; number++) {
      const entry = `${guest} ${what} ${number.toString(16)}`;
      if (allow) this.granted.add(entry);
      else this.granted.delete(entry);
    }
  }

  readonly permissions: GuestPermissions = {
    memory: (guest, first, frames, allow) => {
      if (allow) this.#refuseWhereAsked('memory');
      this.#behind.permissions.memory(guest, first, frames, allow);
      this.#note(guest, 'memory', first, frames, allow);
    },
    ports: (guest, first, count, allow) => {
      if (allow) this.#refuseWhereAsked('ports');
      this.#behind.permissions.ports(guest, first, count, allow);
      this.#note(guest, 'port', first, count, allow);
    },
    interrupt: (guest, pirq, allow) => {
      if (allow) this.#refuseWhereAsked('interrupt');
      this.#behind.permissions.interrupt(guest, pirq, allow);
      this.#note(guest, 'pirq', pirq, 1, allow);
    },
  };

  readonly pirqs: Pirqs = {
    map: (guest, route) => {
      if (this.refusePirq > 0 && --this.refusePirq === 0) throw new XenCallError('mapping', 'ENOSPC', {});
      const pirq = this.#behind.pirqs.map(guest, route);
      this.#mapped.set(`${guest} ${pirq}`, { guest, pirq, route });
      return pirq;
    },
    unmap: (guest, pirq) => {
      this.#refuseWhereAsked('unmap');
      this.#behind.pirqs.unmap(guest, pirq);
      this.#mapped.delete(`${guest} ${pirq}`);
    },
    unmapForgotten: (guest, route, known) => {
      this.#behind.pirqs.unmapForgotten(guest, route, known);
      for (const [key, mapped] of this.#mapped)
        if (mapped.guest === guest && mapped.route.kind !== 'intx' && !known.has(mapped.pirq))
          if (mapped.route.function.equals(route.function)) this.#mapped.delete(key);
    },
    restore: (guest, fn) => {
      this.#behind.pirqs.restore(guest, fn);
    },
  };

  readonly assignment: Assignment = {
    translates: () => this.#behind.assignment.translates(),
    assign: (guest, address) => {
      this.#refuseWhereAsked('assign');
      this.#behind.assignment.assign(guest, address);
      this.assigned.push(`assign ${address} ${guest}`);
      this.granted.add(`${guest} function ${address}`);
    },
    deassign: (guest, address) => {
      this.#behind.assignment.deassign(guest, address);
      this.assigned.push(`deassign ${address} ${guest}`);
      this.granted.delete(`${guest} function ${address}`);
    },
    quarantine: (address) => {
      this.#refuseWhereAsked('quarantine');
      this.#behind.assignment.quarantine(address);
      this.assigned.push(`quarantine ${address}`);
    },
    unquarantine: (address) => {
      const there = this.#behind.assignment.unquarantine(address);
      if (there) this.assigned.push(`unquarantine ${address}`);
      return there;
    },
    prepareMsix: (address) => {
      const prepared = this.#behind.assignment.prepareMsix(address);
      if (prepared) this.protectedTables.add(String(address));
      return prepared;
    },
    releaseMsix: (address) => {
      this.#behind.assignment.releaseMsix(address);
      this.protectedTables.delete(String(address));
    },
  };

  /** What a domain had went with it. */
  forget(guest: DomainId): void {
    for (const entry of this.granted) if (entry.startsWith(`${guest} `)) this.granted.delete(entry);
    for (const [key, mapped] of this.#mapped) if (mapped.guest === guest) this.#mapped.delete(key);
  }

  /** The platform behind it stays its owner's. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.store !== this.#behind.store) await this.store.close();
  }
}
