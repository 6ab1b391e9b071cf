/** A host for tests: a simulated machine, the embedded Xen on it with its store, a pool, and guests that run on this thread. */
import assert from 'node:assert/strict';
import { frame, grantsOf } from '../../src/admin/grants.js';
import type { PciFunction } from '../../src/function/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import { domainId, type DomainId } from '../../src/xen/domain.js';
import { connectGuest, LocalXen, type LocalDomain } from '../../src/xen/local/index.js';
import type { XenPlatform } from '../../src/xen/platform.js';
import { homePath, StoreServer } from '../../src/xen/store/index.js';
import { SimulatedHost, type PlacedShape } from '../function/simulated-host.js';
import { ObservedGuest } from './observed-guest.js';
import { ObservedPlatform } from './observed-platform.js';
import { permissions } from './store/tree-text.js';

const GUEST_BYTES = 64 * 1024;

export class LocalHost implements AsyncDisposable {
  readonly machine: SimulatedHost;
  readonly server = new StoreServer();
  readonly xen: LocalXen;
  /** Domain 0's, as the back end has it. */
  readonly platform: ObservedPlatform;
  readonly pool: Pool;
  /** Faults of ours that calls of domains met. */
  readonly faults: unknown[] = [];
  readonly #guests = new Map<number, ObservedGuest>();
  #created = 0;

  constructor(shapes: readonly PlacedShape[]) {
    const machine = new SimulatedHost(...shapes);
    this.machine = machine;
    this.xen = new LocalXen(machine, this.server, { onFault: (_domain, error) => this.faults.push(error) });
    this.platform = new ObservedPlatform(this.xen.platform);
    this.pool = new Pool(machine, new MemoryJournal());
  }

  /** Claims every function for guests. */
  async claimAll(): Promise<void> {
    for (const { address } of this.machine.list()) await this.pool.claim(address, 'pciback');
  }

  /** A domain by its number, made when it is first asked for: numbers are given in their order, and only once. */
  domain(id: number): LocalDomain {
    while (this.#created < id) this.xen.create(`guest${++this.#created}`, GUEST_BYTES);
    const domain = this.xen.domain(domainId(id));
    assert.ok(domain !== undefined, `domain ${id} has ended`);
    return domain;
  }

  /** Its own side, from its start on. The first call starts it, with the home that every tool stack gives a domain. */
  guestPlatform(id: number): ObservedGuest {
    let guest = this.#guests.get(id);
    if (guest !== undefined) return guest;
    guest = new ObservedGuest(connectGuest(this.domain(id).runHere()));
    this.#guests.set(id, guest);
    const home = homePath(domainId(id));
    if (this.server.read(home) === undefined) {
      this.server.write(home, '');
      this.server.setPermissions(home, permissions('n0', `r${id}`));
    }
    return guest;
  }

  /** Ends a domain whose own side may be in the middle of something: on this thread it would go on after its death. */
  async kill(id: number): Promise<void> {
    await this.#guests.get(id)?.[Symbol.asyncDispose]();
    // A guest without its port may have been seen to be gone already.
    await this.xen.domain(domainId(id))?.destroy();
  }

  /** Messages that the back end has mapped; lines are the tool stack's. */
  get messages() {
    return this.platform.mapped.filter(({ route }) => route.kind !== 'intx');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const guest of this.#guests.values()) await guest[Symbol.asyncDispose]();
    await this.platform[Symbol.asyncDispose]();
    await this.xen[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    this.machine[Symbol.dispose]();
    assert.deepEqual(this.faults, []);
  }
}

/** What every tool stack grants with a function, without its words in the store. */
export function grantFunction(platform: XenPlatform, guest: DomainId, fn: PciFunction): void {
  const { permissions: permit, pirqs, assignment } = platform;
  const { memory, ports, pirq: line } = grantsOf(fn);
  assignment.assign(guest, fn.address);
  for (const run of memory) permit.memory(guest, frame(run), run.count, true);
  for (const { first, count } of ports) permit.ports(guest, first, count, true);
  if (line !== undefined) permit.interrupt(guest, pirqs.map(guest, { kind: 'intx', gsi: line }), true);
}
