/** A host with our back end and one guest with our front end, in memory, for tests. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pciback, type PcibackEvent } from '../../src/pciback/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import { domainId } from '../../src/xen/domain.js';
import { backendPath, frontendPath } from '../../src/xen/pciif/index.js';
import type { BusChange } from '../../src/xpci/index.js';
import { disk, edu } from '../function/shapes.js';
import { SimulatedHost, type PlacedShape } from '../function/simulated-host.js';
import { MemoryGuest } from '../xen/memory-guest.js';
import { MemoryPlatform } from '../xen/memory-platform.js';

export const DISK = '0000:00:08.0';
export const EDU = '0000:00:05.0';
const GUEST = 1;
export const FRONT = frontendPath(domainId(GUEST));
export const BACK = backendPath(domainId(0), domainId(GUEST));

export class GuestHost implements AsyncDisposable {
  readonly machine: SimulatedHost;
  readonly platform = new MemoryPlatform();
  readonly guest: MemoryGuest;
  readonly id = GUEST;
  readonly events: PcibackEvent[] = [];
  readonly #pool: Pool;
  #pciback: Pciback | undefined;

  private constructor(shapes: readonly PlacedShape[]) {
    this.machine = new SimulatedHost(...shapes);
    this.guest = new MemoryGuest(this.platform, this.machine, GUEST);
    this.#pool = new Pool(this.machine, new MemoryJournal());
  }

  /** Our back end serves; every function is in the pool. */
  static async start(...shapes: readonly PlacedShape[]): Promise<GuestHost> {
    const host = new GuestHost(shapes.length === 0 ? [disk(), edu()] : shapes);
    for (const { address } of host.machine.list()) await host.#pool.claim(address, 'pciback');
    host.#pciback = await Pciback.start({
      platform: host.platform,
      pool: host.#pool,
      holder: 'pciback',
      onEvent: (event) => host.events.push(event),
    });
    return host;
  }

  /** Both ends' states, as `own/back`. */
  get states(): string {
    const { server } = this.platform;
    return `${server.read(`${FRONT}/state`) ?? '-'}/${server.read(`${BACK}/state`) ?? '-'}`;
  }

  /** What the back end and the guest hold of each other now. */
  get held(): Readonly<Record<string, number>> {
    const { pages, channels, ranges, buffers } = this.guest.open;
    const bound = [...this.guest.bound.values()].filter(({ open }) => open).length;
    const { open, mapped } = this.platform;
    return {
      granted: pages,
      offered: channels,
      ranges,
      buffers,
      bound,
      mapped: open.pages,
      channels: open.channels,
      pirqs: mapped.size,
    };
  }

  async settled(condition: () => boolean): Promise<void> {
    for (let tries = 0; tries < 3000 && !condition(); tries++) await sleep(5);
    assert.ok(condition(), `not reached; states ${this.states}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pciback?.[Symbol.asyncDispose]();
    await this.guest[Symbol.asyncDispose]();
    await this.platform[Symbol.asyncDispose]();
  }
}

/** Changes until `count` are there, as texts: `attached 0000:00:00.0`. */
export async function take(changes: AsyncIterator<BusChange>, count: number): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) {
    const next = await changes.next();
    if (next.done === true) return [...taken, 'end'];
    const { value } = next;
    taken.push('address' in value ? `${value.change} ${value.address}` : value.change);
  }
  return taken;
}

export const NOTHING_HELD = {
  granted: 0,
  offered: 0,
  ranges: 0,
  buffers: 0,
  bound: 0,
  mapped: 0,
  channels: 0,
  pirqs: 0,
};
