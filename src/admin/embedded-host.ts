/** The whole job in one process: a machine, an embedded Xen on it, its store, the pool, the back end and the tool stack. */
import type { HostDrivers } from '../function/index.js';
import { Pciback, type PcibackEvent } from '../pciback/index.js';
import { MemoryJournal, Pool } from '../pool/index.js';
import { LocalXen, type HostedMachine } from '../xen/local/index.js';
import { StoreServer } from '../xen/store/index.js';
import type { IommuFault } from '../function/index.js';
import { Attachments } from './attachments.js';
import { HostClaims, XEN_HOLDER } from './host-claims.js';
import { LocalGuests, type GuestEvent } from './local-guests.js';

/** What happens on an embedded host. */
export type HostEvent =
  | { readonly of: 'back end'; readonly event: PcibackEvent }
  | { readonly of: 'guest'; readonly event: GuestEvent }
  /** What could not be cleared up behind a guest. */
  | { readonly of: 'tool stack'; readonly doing: string; readonly error: unknown }
  | { readonly of: 'IOMMU'; readonly fault: IommuFault };

export interface EmbeddedHostOptions {
  /** Disposed of with the host. */
  readonly machine: HostedMachine & { readonly drivers: HostDrivers };
  readonly onEvent?: (event: HostEvent) => void;
}

export class EmbeddedHost implements AsyncDisposable {
  readonly machine: EmbeddedHostOptions['machine'];
  readonly store: StoreServer;
  readonly xen: LocalXen;
  readonly pool: Pool;
  readonly claims: HostClaims;
  readonly guests: LocalGuests;
  readonly attachments: Attachments;
  readonly #pciback: Pciback;
  readonly #faults: Disposable;

  private constructor(
    machine: EmbeddedHostOptions['machine'],
    parts: {
      store: StoreServer;
      xen: LocalXen;
      pool: Pool;
      claims: HostClaims;
      pciback: Pciback;
      attachments: Attachments;
    },
    onEvent: (event: HostEvent) => void,
  ) {
    this.machine = machine;
    this.store = parts.store;
    this.xen = parts.xen;
    this.pool = parts.pool;
    this.#pciback = parts.pciback;
    this.claims = parts.claims;
    this.attachments = parts.attachments;
    this.guests = new LocalGuests(
      this.xen,
      (event) => {
        onEvent({ of: 'guest', event });
      },
      (guest) => this.attachments.guestEnded(guest),
    );
    this.#faults = machine.host.onFault((fault) => {
      onEvent({ of: 'IOMMU', fault });
    });
  }

  static async start({ machine, onEvent = () => undefined }: EmbeddedHostOptions): Promise<EmbeddedHost> {
    const store = new StoreServer();
    const xen = new LocalXen(machine, store);
    const pool = new Pool(machine, new MemoryJournal());
    const pciback = await Pciback.start({
      platform: xen.platform,
      pool,
      holder: XEN_HOLDER,
      onEvent: (event) => {
        onEvent({ of: 'back end', event });
      },
    });
    const claims = new HostClaims(pool, machine.drivers, xen.platform);
    const attachments = await Attachments.start({
      platform: xen.platform,
      machine,
      pool,
      claims,
      backEnds: pciback,
      onError: (doing, error) => {
        onEvent({ of: 'tool stack', doing, error });
      },
    });
    return new EmbeddedHost(machine, { store, xen, pool, claims, pciback, attachments }, onEvent);
  }

  /** Guests end first, so that their functions come back through the back end; then what they stood on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.guests.list().map(({ domain }) => this.guests.destroy(domain)));
    await this.attachments[Symbol.asyncDispose]();
    await this.#pciback[Symbol.asyncDispose]();
    this.#faults[Symbol.dispose]();
    await this.xen[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
    this.machine[Symbol.dispose]();
  }
}
