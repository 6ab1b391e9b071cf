/** A host with our back end and one guest with our front end, for tests; the guest runs on this thread. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pciback, type PcibackEvent } from '../../src/pciback/index.js';
import { domainId } from '../../src/xen/domain.js';
import { backendPath, frontendPath } from '../../src/xen/pciif/index.js';
import type { BusChange } from '../../src/xpci/index.js';
import { disk, edu } from '../function/shapes.js';
import type { PlacedShape } from '../function/simulated-host.js';
import { grantFunction, LocalHost } from '../xen/local-host.js';

export const DISK = '0000:00:08.0';
export const EDU = '0000:00:05.0';
const GUEST = 1;
export const FRONT = frontendPath(domainId(GUEST));
export const BACK = backendPath(domainId(0), domainId(GUEST));

export class GuestHost extends LocalHost {
  readonly id = GUEST;
  readonly events: PcibackEvent[] = [];
  readonly guest = this.guestPlatform(GUEST);
  #pciback: Pciback | undefined;

  /** Our back end serves; every function is in the pool, and granted as it will be once the guest has it. */
  static async start(...shapes: readonly PlacedShape[]): Promise<GuestHost> {
    const host = new GuestHost(shapes.length === 0 ? [disk(), edu()] : shapes);
    await host.claimAll();
    for (const { address } of host.machine.list()) {
      using fn = host.machine.open(address);
      grantFunction(host.platform, domainId(GUEST), fn);
    }
    host.#pciback = await Pciback.start({
      platform: host.platform,
      pool: host.pool,
      holder: 'pciback',
      onEvent: (event) => host.events.push(event),
    });
    return host;
  }

  /** Both ends' states, as `own/back`. */
  get states(): string {
    return `${this.server.read(`${FRONT}/state`) ?? '-'}/${this.server.read(`${BACK}/state`) ?? '-'}`;
  }

  /** What the back end and the guest hold of each other now. */
  get held(): Readonly<Record<string, number>> {
    const { open, bound } = this.guest;
    return {
      granted: open.pages,
      offered: open.channels,
      ranges: open.ranges,
      buffers: open.buffers,
      bound: [...bound.values()].filter(({ open: isOpen }) => isOpen).length,
      mapped: this.platform.open.pages,
      channels: this.platform.open.channels,
      pirqs: this.messages.length,
    };
  }

  async settled(condition: () => boolean): Promise<void> {
    for (let tries = 0; tries < 3000 && !condition(); tries++) await sleep(5);
    assert.ok(condition(), `not reached; states ${this.states}`);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#pciback?.[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
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
