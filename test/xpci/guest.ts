/** A host with our back end and one guest with our front end, for tests; the guest runs on this thread. */
import { domainId } from '../../src/xen/domain.js';
import { backendPath, frontendPath } from '../../src/xen/pciif/index.js';
import type { BusChange } from '../../src/xpci/index.js';
import { disk, edu } from '../function/shapes.js';
import type { PlacedShape } from '../function/simulated-host.js';
import { ServedHost } from '../pciback/served-host.js';
import { grantFunction } from '../xen/local-host.js';

export const DISK = '0000:00:08.0';
export const EDU = '0000:00:05.0';
const GUEST = 1;
export const FRONT = frontendPath(domainId(GUEST));
export const BACK = backendPath(domainId(0), domainId(GUEST));

export class GuestHost extends ServedHost {
  readonly id = GUEST;
  readonly guest = this.guestPlatform(GUEST);

  /** Our back end serves; every function is in the pool, and granted as it will be once the guest has it. */
  static async start(...shapes: readonly PlacedShape[]): Promise<GuestHost> {
    const host = new GuestHost(shapes.length === 0 ? [disk(), edu()] : shapes);
    await host.claimAll();
    for (const { address } of host.machine.list()) {
      using fn = host.machine.open(address);
      grantFunction(host.platform, domainId(GUEST), fn);
    }
    await host.serve();
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
