/** Domain 0's platform as a process has it that may die: the kernel takes its channels away, and its mapping of a page. */
import type { DomainId } from '../../src/xen/domain.js';
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
} from '../../src/xen/platform.js';
import type { XenStore } from '../../src/xen/store/index.js';
import { mortalStore, type Mortality } from './mortality.js';

/**
 * The process's view of a guest's page. A test cannot stop a process between two stores to shared memory: what it does to
 * its view reaches the guest at its next call while it lives, and not at all when it dies before.
 */
class PageView {
  readonly bytes = new Uint8Array(new SharedArrayBuffer(4096));
  readonly #seen = new Int32Array(1024);
  readonly #own: Int32Array;
  readonly #guests: Int32Array;

  constructor(page: Uint8Array) {
    this.#own = new Int32Array(this.bytes.buffer);
    this.#guests = new Int32Array(page.buffer, page.byteOffset, 1024);
    this.pull();
  }

  pull(): void {
    this.#own.set(this.#guests);
    this.#seen.set(this.#guests);
  }

  /** Only what the process has changed: the guest may have changed the rest. */
  push(): void {
    for (const [index, word] of this.#own.entries()) {
      if (word === this.#seen[index]) continue;
      this.#guests[index] = word;
      this.#seen[index] = word;
    }
  }
}

export class MortalPlatform implements XenPlatform {
  readonly store: XenStore;
  readonly needsMachineFrames = false;
  readonly #behind: XenPlatform;
  readonly #mortality: Mortality;
  readonly #views = new Set<PageView>();

  constructor(behind: XenPlatform, mortality: Mortality) {
    this.#behind = behind;
    this.#mortality = mortality;
    this.store = mortalStore(behind.store, mortality);
    mortality.beforeCalls(() => {
      for (const view of this.#views) view.push();
    });
  }

  get domain(): DomainId {
    return this.#behind.domain;
  }

  status(guest: DomainId, uuid: string): GuestStatus {
    return this.#behind.status(guest, uuid);
  }

  mapGrant(owner: DomainId, reference: GrantReference): ForeignPage {
    return this.#mortality.act(() => {
      const page = this.#behind.mapGrant(owner, reference);
      const view = new PageView(page.bytes);
      this.#views.add(view);
      let open = true;
      const unmap = () => {
        if (!open) return;
        open = false;
        this.#views.delete(view);
        page.close();
      };
      this.#mortality.onDeath(unmap);
      return {
        bytes: view.bytes,
        close: () => {
          this.#mortality.act(unmap);
        },
      };
    });
  }

  bindChannel(peer: DomainId, port: EventPort, onEvent: OnEvent): EventChannel {
    return this.#mortality.act(() => {
      const channel = this.#behind.bindChannel(peer, port, () => {
        if (this.#mortality.dead) return false;
        for (const view of this.#views) view.pull();
        const answered = onEvent();
        if (!this.#mortality.dead) for (const view of this.#views) view.push();
        return answered;
      });
      let open = true;
      const unbind = () => {
        if (!open) return;
        open = false;
        channel.close();
      };
      this.#mortality.onDeath(unbind);
      return {
        notify: () => {
          this.#mortality.act(() => {
            channel.notify();
          });
        },
        close: () => {
          this.#mortality.act(unbind);
        },
      };
    });
  }

  readonly permissions: GuestPermissions = {
    memory: (...args) => {
      this.#mortality.act(() => {
        this.#behind.permissions.memory(...args);
      });
    },
    ports: (...args) => {
      this.#mortality.act(() => {
        this.#behind.permissions.ports(...args);
      });
    },
    interrupt: (...args) => {
      this.#mortality.act(() => {
        this.#behind.permissions.interrupt(...args);
      });
    },
  };

  readonly pirqs: Pirqs = {
    map: (guest, route) => this.#mortality.act(() => this.#behind.pirqs.map(guest, route)),
    unmap: (guest, pirq) => {
      this.#mortality.act(() => {
        this.#behind.pirqs.unmap(guest, pirq);
      });
    },
    restore: (guest, fn) => {
      this.#mortality.act(() => {
        this.#behind.pirqs.restore(guest, fn);
      });
    },
    unmapForgotten: (guest, route, known) => {
      this.#mortality.act(() => {
        this.#behind.pirqs.unmapForgotten(guest, route, known);
      });
    },
  };

  readonly assignment: Assignment = {
    translates: () => this.#behind.assignment.translates(),
    assign: (guest, address) => {
      this.#mortality.act(() => {
        this.#behind.assignment.assign(guest, address);
      });
    },
    deassign: (guest, address) => {
      this.#mortality.act(() => {
        this.#behind.assignment.deassign(guest, address);
      });
    },
    quarantine: (address) => {
      this.#mortality.act(() => {
        this.#behind.assignment.quarantine(address);
      });
    },
    unquarantine: (address) => this.#mortality.act(() => this.#behind.assignment.unquarantine(address)),
    prepareMsix: (address) => this.#mortality.act(() => this.#behind.assignment.prepareMsix(address)),
    releaseMsix: (address) => {
      this.#mortality.act(() => {
        this.#behind.assignment.releaseMsix(address);
      });
    },
  };

  async [Symbol.asyncDispose](): Promise<void> {
    // The host behind it stays.
  }
}
