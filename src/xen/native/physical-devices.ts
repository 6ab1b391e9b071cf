/** Pirqs and MSI-X tables by physdev hypercalls, whose layout is stable (xen/include/public/physdev.h). */
import { lastErrno, loadLibrary, viewMemory, type NativeFunction } from '../../os/index.js';
import type { PciAddress } from '../../pci/address.js';
import type { DomainId } from '../domain.js';
import type { InterruptRoute, MessageRoute, Pirq, Pirqs } from '../platform.js';
import { XenCallError } from './errors.js';

const HYPERCALL_PHYSDEV_OP = 33;
const MAP_PIRQ = 13;
const UNMAP_PIRQ = 14;
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
  readonly #handle: unknown;
  readonly #call: NativeFunction;
  readonly #close: NativeFunction;
  readonly #free: NativeFunction;
  /** Memory that the hypervisor may read and write: from libxencall, never the JavaScript heap. */
  readonly #argument: bigint;
  readonly #view: DataView;

  constructor() {
    const library = loadLibrary('libxencall.so.1');
    this.#call = library.bind(
      'int xencall2(void *xcall, unsigned int op, uint64_t argument1, uint64_t argument2)',
    );
    this.#close = library.bind('int xencall_close(void *xcall)');
    this.#free = library.bind('void xencall_free_buffer(void *xcall, void *buffer)');
    const handle = library.bind('void *xencall_open(void *logger, unsigned int flags)')(null, 0);
    if (handle === null)
      throw new XenCallError('opening the hypercall interface', lastErrno(), {}, 'run as root');
    const buffer = library.bind('void *xencall_alloc_buffer(void *xcall, size_t size)')(
      handle,
      ARGUMENT_BYTES,
    );
    if (typeof buffer !== 'bigint')
      throw new XenCallError('allocating a hypercall argument', lastErrno(), {});
    this.#handle = handle;
    this.#argument = buffer;
    this.#view = new DataView(viewMemory(buffer, ARGUMENT_BYTES));
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

  prepareMsix(address: PciAddress): boolean {
    try {
      this.#msix(PREPARE_MSIX, 'protecting the MSI-X table', address);
      return true;
    } catch (error) {
      if (error instanceof XenCallError && error.errno === 'EBUSY') return false;
      throw error;
    }
  }

  releaseMsix(address: PciAddress): void {
    this.#msix(RELEASE_MSIX, 'releasing the MSI-X table', address);
  }

  #msix(command: number, what: string, address: PciAddress): void {
    // { u16 seg; u8 bus; u8 devfn }
    const view = this.#cleared();
    view.setUint16(0, address.domain, true);
    view.setUint8(2, address.bus);
    view.setUint8(3, address.devfn);
    this.#do(command, what, { address: String(address) });
  }

  #cleared(): DataView {
    new Uint8Array(this.#view.buffer).fill(0);
    return this.#view;
  }

  #do(command: number, what: string, evidence: Record<string, string | number>): void {
    const result = this.#call(this.#handle, HYPERCALL_PHYSDEV_OP, command, this.#argument);
    if (typeof result !== 'number' || result < 0) throw new XenCallError(what, lastErrno(), evidence);
  }

  [Symbol.dispose](): void {
    this.#free(this.#handle, this.#argument);
    this.#close(this.#handle);
  }
}
