/** Pirqs and MSI-X tables by physdev hypercalls, whose layout is stable (xen/include/public/physdev.h). */
import { lastErrno } from '../../os/index.js';
import type { PciAddress } from '../../pci/address.js';
import type { DomainId } from '../domain.js';
import type { InterruptRoute, MessageRoute, Pirq, Pirqs } from '../platform.js';
import { XenCallError } from './errors.js';
import type { HypercallArgument, Hypercalls } from './hypercalls.js';

const HYPERCALL_PHYSDEV_OP = 33;
const MAP_PIRQ = 13;
const UNMAP_PIRQ = 14;
const RESTORE_MESSAGES = 27;
const PREPARE_MSIX = 30;
const RELEASE_MSIX = 31;
const TYPE_GSI = 1;
/** An MSI or MSI-X entry of a function in any segment: the segment stands in the upper half of `bus`. */
const TYPE_MSI_SEGMENT = 3;
/** Xen chooses. */
const ANY = -1;
const ARGUMENT_BYTES = 40;
/** Numbers looked at: a domain has no more unless the hypervisor's command line gives it some (extra_guest_irqs). */
const MOST_FORGOTTEN = 2048;

export class PhysicalDevices implements Pirqs, Disposable {
  readonly #hypercalls: Hypercalls;
  readonly #argument: HypercallArgument;

  /** `hypercalls` must stay open for as long. @throws {XenCallError} */
  constructor(hypercalls: Hypercalls) {
    this.#hypercalls = hypercalls;
    this.#argument = hypercalls.allocate(ARGUMENT_BYTES);
  }

  map(guest: DomainId, route: InterruptRoute): Pirq {
    // { u16 domid; s32 type, index, pirq, bus, devfn, entry_nr; u64 table_base }
    const view = this.#cleared();
    view.setUint16(0, guest, true);
    view.setInt32(4, route.kind === 'intx' ? TYPE_GSI : TYPE_MSI_SEGMENT, true);
    view.setInt32(8, route.kind === 'intx' ? route.gsi : ANY, true);
    view.setInt32(12, route.kind === 'intx' ? route.gsi : ANY, true);
    if (route.kind !== 'intx') {
      view.setInt32(16, (route.function.domain << 16) | route.function.bus, true);
      view.setInt32(20, route.function.devfn, true);
    }
    if (route.kind === 'msix') {
      view.setInt32(24, route.entry, true);
      view.setBigUint64(32, route.tableBar, true);
    }
    this.#do(MAP_PIRQ, `mapping an interrupt (${route.kind})`, { guest, kind: route.kind });
    return view.getInt32(12, true) as Pirq;
  }

  unmap(guest: DomainId, pirq: Pirq): void {
    // { u16 domid; s32 pirq }
    const view = this.#cleared();
    view.setUint16(0, guest, true);
    view.setInt32(4, pirq, true);
    this.#do(UNMAP_PIRQ, 'unmapping an interrupt', { guest, pirq });
  }

  /**
   * Xen gives the highest number that is free. One that is mapped now for the purpose lies below all that were mapped
   * before, and what is above it and not known was forgotten; lines are numbered below all messages.
   */
  unmapForgotten(guest: DomainId, route: MessageRoute, known: ReadonlySet<Pirq>): void {
    const lowest = this.map(guest, route);
    for (let pirq = (lowest + 1) as Pirq; pirq <= lowest + MOST_FORGOTTEN; pirq = (pirq + 1) as Pirq) {
      if (known.has(pirq)) continue;
      try {
        this.unmap(guest, pirq);
      } catch (error) {
        // Free, or beyond the domain's numbers.
        if (!(error instanceof XenCallError)) throw error;
      }
    }
    this.unmap(guest, lowest);
  }

  /** Xen knows who has the function's pirqs, and asks for the function alone. */
  restore(_guest: DomainId, fn: PciAddress): void {
    this.#onFunction(RESTORE_MESSAGES, 'restoring interrupt messages', fn);
  }

  prepareMsix(address: PciAddress): boolean {
    try {
      this.#onFunction(PREPARE_MSIX, 'protecting the MSI-X table', address);
      return true;
    } catch (error) {
      if (error instanceof XenCallError && error.errno === 'EBUSY') return false;
      throw error;
    }
  }

  releaseMsix(address: PciAddress): void {
    this.#onFunction(RELEASE_MSIX, 'releasing the MSI-X table', address);
  }

  #onFunction(command: number, what: string, address: PciAddress): void {
    // { u16 seg; u8 bus; u8 devfn }
    const view = this.#cleared();
    view.setUint16(0, address.domain, true);
    view.setUint8(2, address.bus);
    view.setUint8(3, address.devfn);
    this.#do(command, what, { address: String(address) });
  }

  #cleared(): DataView {
    const { view } = this.#argument;
    new Uint8Array(view.buffer).fill(0);
    return view;
  }

  #do(command: number, what: string, evidence: Record<string, string | number>): void {
    const result = this.#hypercalls.call(HYPERCALL_PHYSDEV_OP, command, this.#argument.address);
    if (result < 0) throw new XenCallError(what, lastErrno(), evidence);
  }

  [Symbol.dispose](): void {
    this.#argument.free();
  }
}
