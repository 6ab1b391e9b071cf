/** To whom the embedded Xen gives functions: which IOMMU context translates them, and whose vector tables are protected. */
import type { HostControl, IommuContext, PciFunction } from '../../function/index.js';
import {
  CapabilityId,
  capabilityOffsets,
  MSIX_ENTRY_BYTES,
  msixTable,
  msixVectors,
  type PciAddress,
} from '../../pci/index.js';
import type { DomainId } from '../domain.js';
import { XenCallError } from '../errors.js';
import type { Assignment } from '../platform.js';
import { PAGE_BYTES } from './control-block.js';

/** `quarantine`: nothing is translated. */
type Place = 'quarantine' | DomainId;

export class LocalAssignment implements Assignment {
  readonly #host: HostControl;
  readonly #open: (address: PciAddress) => PciFunction;
  readonly #contextOf: (guest: DomainId) => IommuContext | undefined;
  /** Functions that are not the host's, by address. */
  readonly #places = new Map<number, { readonly address: PciAddress; readonly place: Place }>();
  readonly #tables = new Map<number, readonly number[]>();
  readonly #protected = new Set<number>();

  constructor(
    host: HostControl,
    open: (address: PciAddress) => PciFunction,
    contextOf: (guest: DomainId) => IommuContext | undefined,
  ) {
    this.#host = host;
    this.#open = open;
    this.#contextOf = contextOf;
  }

  /** Frames that hold vector tables. */
  get protectedFrames(): ReadonlySet<number> {
    return this.#protected;
  }

  translates(): boolean {
    return this.#host.translates;
  }

  assign(guest: DomainId, address: PciAddress): void {
    const context = this.#contextOf(guest);
    if (context === undefined) throw new XenCallError('assigning a function', 'ESRCH', { guest });
    const now = this.#places.get(address.sbdf)?.place;
    // Two domains with one function would be two masters of one memory.
    if (now !== undefined && now !== 'quarantine')
      throw new XenCallError('assigning a function', 'EBUSY', { address: String(address), domain: now });
    this.#places.set(address.sbdf, { address, place: guest });
    this.#host.assignContext(address, context);
  }

  deassign(guest: DomainId, address: PciAddress): void {
    if (this.#places.get(address.sbdf)?.place !== guest)
      throw new XenCallError('deassigning a function', 'ENODEV', { address: String(address), guest });
    this.quarantine(address);
  }

  quarantine(address: PciAddress): void {
    this.#places.set(address.sbdf, { address, place: 'quarantine' });
    this.#host.assignContext(address, undefined);
  }

  unquarantine(address: PciAddress): boolean {
    if (this.#places.get(address.sbdf)?.place !== 'quarantine') return false;
    this.#places.delete(address.sbdf);
    this.#host.assignContext(address, 'program');
    return true;
  }

  prepareMsix(address: PciAddress): boolean {
    if (this.#tables.has(address.sbdf)) return false;
    const frames = this.#tableFrames(address);
    this.#tables.set(address.sbdf, frames);
    for (const frame of frames) this.#protected.add(frame);
    return true;
  }

  releaseMsix(address: PciAddress): void {
    this.#tables.delete(address.sbdf);
    this.#protected.clear();
    for (const frames of this.#tables.values()) for (const frame of frames) this.#protected.add(frame);
  }

  /** The domain is no more: before its memory is anybody else's, no function reaches it (XSA-302). */
  takeAway(guest: DomainId): void {
    for (const { address, place } of [...this.#places.values()])
      if (place === guest) this.quarantine(address);
  }

  #tableFrames(address: PciAddress): readonly number[] {
    using fn = this.#open(address);
    const at = capabilityOffsets(fn.config).get(CapabilityId.msix);
    if (at === undefined)
      throw new XenCallError('protecting a vector table', 'ENODEV', { address: String(address) });
    const table = msixTable(fn.config, at);
    const region = fn.regions.find(({ index }) => index === table.region);
    if (region === undefined) return [];
    const start = Number(region.address) + table.offset;
    const bytes = msixVectors(fn.config, at) * MSIX_ENTRY_BYTES;
    const first = Math.floor(start / PAGE_BYTES);
    const last = Math.floor((start + bytes - 1) / PAGE_BYTES);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }
}
