/** The embedded Xen: a hypervisor inside this process, on any machine that gives it the processor's side. */
import { availableParallelism } from 'node:os';
import type { HostControl, Machine } from '../../function/index.js';
import { DOM0, domainId, type DomainId } from '../domain.js';
import { XenCallError } from '../errors.js';
import type { XenPlatform } from '../platform.js';
import { RingTransport, XenStoreClient, type StoreServer } from '../store/index.js';
import { LocalAssignment } from './assignment.js';
import { CallLoop } from './call-loop.js';
import { PAGE_BYTES, STORE_PAGE, STORE_PORT } from './control-block.js';
import { LocalControlPlatform } from './control-platform.js';
import { LocalDomain } from './local-domain.js';
import { LocalPirqs } from './pirqs.js';

/** The ids above it mean something else (xen/include/public/xen.h). */
const LAST_GUEST = 0x7fef;

/** A machine that an embedded Xen can run on. */
export type HostedMachine = Machine & { readonly host: HostControl };

/** Of {@link LocalXen}. */
export interface LocalXenOptions {
  /** A call of a domain, or its ring, met a fault of ours. */
  readonly onFault?: (domain: DomainId, error: unknown) => void;
}

/** Numbers of what is open, of all domains together. */
export interface XenUsage {
  readonly domains: number;
  readonly grants: number;
  /** Event channels; each domain has one for the store. */
  readonly channels: number;
  /** Ranges of the bus that domains have mapped. */
  readonly ranges: number;
  readonly pirqs: number;
}

/**
 * Domain 0 is this thread: it runs the store, the tool stack and the back end. Each other domain is a worker with a
 * range of the machine's memory. A domain's accesses, calls and notifications are answered on this thread, one at a
 * time, while the domain sleeps; this thread never waits for a domain.
 */
export class LocalXen implements AsyncDisposable {
  /** Domain 0's own view. */
  readonly platform: XenPlatform;
  readonly #machine: HostedMachine;
  readonly #store: StoreServer;
  readonly #domains = new Map<DomainId, LocalDomain>();
  readonly #loop = new CallLoop(availableParallelism() > 1);
  readonly #pirqs: LocalPirqs;
  readonly #assignment: LocalAssignment;
  readonly #onFault: (domain: DomainId, error: unknown) => void;
  #lastId = 0;

  constructor(machine: HostedMachine, store: StoreServer, options: LocalXenOptions = {}) {
    this.#machine = machine;
    this.#store = store;
    this.#onFault =
      options.onFault ??
      ((domain, error) => {
        process.emitWarning(`domain ${domain}: ${String(error)}`, 'LocalXenWarning');
      });
    const open = (address: Parameters<Machine['open']>[0]) => machine.open(address);
    this.#pirqs = new LocalPirqs(machine.host, open);
    this.#assignment = new LocalAssignment(machine.host, open, (guest) => this.#domains.get(guest)?.context);
    this.platform = new LocalControlPlatform(
      new XenStoreClient(store.connect({ domain: DOM0 })),
      this.#domains,
      this.#pirqs,
      this.#assignment,
    );
  }

  /** Domains that have not ended, in order of their ids. */
  get domains(): readonly LocalDomain[] {
    return [...this.#domains.values()];
  }

  /** What domains hold now. */
  get usage(): XenUsage {
    const usage = { domains: 0, grants: 0, channels: 0, ranges: 0, pirqs: this.#pirqs.count };
    for (const { grants, channels, ranges } of this.#domains.values()) {
      usage.domains++;
      usage.grants += grants.count;
      usage.channels += channels.count;
      usage.ranges += ranges.count;
    }
    return usage;
  }

  /** Undefined for one that is not there any more. */
  domain(id: DomainId): LocalDomain | undefined {
    return this.#domains.get(id);
  }

  /**
   * Makes a domain that does not run yet, so that its tool stack can fill in XenStore and attach functions cold. Its
   * id is not used again before all others have been. @throws {MachineMemoryError | XenCallError}
   */
  create(name: string, bytes: number): LocalDomain {
    const id = this.#nextId();
    const domain = new LocalDomain(id, name, Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES, {
      host: this.#machine.host,
      pirqs: this.#pirqs,
      assignment: this.#assignment,
      loop: this.#loop,
      onFault: this.#onFault,
      onOver: () => {
        this.#domains.delete(id);
      },
    });
    this.#domains.set(id, domain);
    const page = new Uint8Array(domain.memory.buffer, STORE_PAGE * PAGE_BYTES, PAGE_BYTES);
    const ring = new RingTransport({
      role: 'server',
      name: `ring of domain ${id}`,
      bytes: page,
      notify: () => {
        domain.channels.raise(STORE_PORT);
      },
    });
    domain.channels.bindStore(() => {
      ring.onEvent();
    });
    this.#store.serve(ring, id);
    this.#store.introduce(id);
    void domain.over.then(() => {
      ring.close();
      this.#store.release(id);
    });
    return domain;
  }

  #nextId(): DomainId {
    if (this.#domains.size === LAST_GUEST) throw new XenCallError('making a domain', 'ENOMEM', {});
    do {
      this.#lastId = this.#lastId === LAST_GUEST ? 1 : this.#lastId + 1;
    } while (this.#domains.has(domainId(this.#lastId)));
    return domainId(this.#lastId);
  }

  /** Destroys every domain, then closes domain 0's connection; the store and the machine stay their owner's. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.domains.map((domain) => domain.destroy()));
    await this.platform[Symbol.asyncDispose]();
  }
}
