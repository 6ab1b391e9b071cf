/** The guest's side of a real Xen, for a program in user space of any domain. */
import { existsSync } from 'node:fs';
import type { DomainId } from '../domain.js';
import type { GrantedPage, GuestPlatform, MappedRange, OfferedChannel } from '../platform.js';
import type { XenStore } from '../store/index.js';
import { DomainUnknownError, XenCallError } from './errors.js';
import { requireXen } from './hypervisor.js';
import { openStore, ownDomain } from './native-store.js';
import { OfferedPort } from './offered-port.js';
import { PHYSICAL_MEMORY, PhysicalRange } from './physical-range.js';
import { SharedGrants } from './shared-grants.js';

/** Interrupts, DMA memory and I/O ports are the kernel's alone, and absent. */
class NativeGuest implements GuestPlatform {
  readonly domain: DomainId;
  readonly store: XenStore;
  readonly rangeKinds: GuestPlatform['rangeKinds'];
  readonly #grants: SharedGrants;

  constructor(domain: DomainId, store: XenStore, grants: SharedGrants) {
    this.domain = domain;
    this.store = store;
    this.#grants = grants;
    this.rangeKinds = existsSync(PHYSICAL_MEMORY) ? ['memory'] : [];
  }

  sharePage(peer: DomainId): GrantedPage {
    return this.#grants.share(peer);
  }

  offerChannel(peer: DomainId): OfferedChannel {
    return new OfferedPort(peer);
  }

  openRange(kind: 'memory' | 'io', base: bigint, bytes: number): MappedRange {
    if (kind === 'io')
      throw new XenCallError('opening I/O ports', 'ENOSYS', { base: `0x${base.toString(16)}`, bytes });
    return PhysicalRange.open(base, bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    this.#grants[Symbol.dispose]();
  }
}

/**
 * Opens what a front end needs, in any domain. A page or a port lives until it is closed; whatever a process leaves
 * open the kernel ends with it.
 * @throws {XenNotFoundError | XenPermissionError | XenStoreError | NativeUnavailableError}
 */
export async function openNativeGuest(): Promise<GuestPlatform> {
  requireXen();
  const grants = new SharedGrants();
  let store: XenStore | undefined;
  try {
    store = await openStore();
    const own = await ownDomain(store);
    if (own === undefined) throw new DomainUnknownError();
    return new NativeGuest(own, store, grants);
  } catch (cause) {
    await store?.close();
    grants[Symbol.dispose]();
    throw cause;
  }
}
