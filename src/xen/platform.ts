/** What a back end or front end needs of Xen: the store, pages, event channels, permissions and interrupts. */
import type { Dma, InterruptCounter, RegisterAccess } from '../function/index.js';
import type { PciAddress } from '../pci/address.js';
import type { DomainId } from './domain.js';
import type { XenStore } from './store/index.js';

/** A reference into a domain's grant table. */
export type GrantReference = number & { readonly __brand: 'GrantReference' };
/** An event channel's number inside one domain. */
export type EventPort = number & { readonly __brand: 'EventPort' };
/** A frame of the machine's physical address space, 4096 bytes each. */
export type MachineFrame = number & { readonly __brand: 'MachineFrame' };
/** A physical interrupt as a guest knows it. */
export type Pirq = number & { readonly __brand: 'Pirq' };

/** A page of another domain, mapped here until closed. */
export interface ForeignPage {
  /** 4096 of them, aligned. The other domain may change them at any time. */
  readonly bytes: Uint8Array;
  close(): void;
}

export interface EventChannel {
  /** Wakes the other end. */
  notify(): void;
  /** Closes our end; no event is delivered afterwards. */
  close(): void;
}

/**
 * Handles an event of the other end. @returns true when it had asked for something and was answered: it is likely to
 * ask again soon, and the platform may call once more before it sleeps, without an event.
 */
export type OnEvent = () => boolean;

/** An interrupt of a function that is to be delivered to a guest. */
export type InterruptRoute =
  | { readonly kind: 'intx'; readonly gsi: number }
  | { readonly kind: 'msi'; readonly function: PciAddress }
  | {
      readonly kind: 'msix';
      readonly function: PciAddress;
      readonly entry: number;
      /** Bus address of the BAR that holds the vector table. */
      readonly tableBar: bigint;
    };

/** An interrupt that is a message of a function. */
export type MessageRoute = Exclude<InterruptRoute, { readonly kind: 'intx' }>;

/** What a guest may reach of the host's hardware. Every call that allows has its opposite. */
export interface GuestPermissions {
  /** `frames`: how many, of 4096 bytes. @throws {XenCallError} */
  memory(guest: DomainId, first: MachineFrame, frames: number, allow: boolean): void;
  /** @throws {XenCallError} */
  ports(guest: DomainId, first: number, count: number, allow: boolean): void;
  /** @throws {XenCallError} */
  interrupt(guest: DomainId, pirq: Pirq, allow: boolean): void;
}

/** Pirqs of a guest. Synchronous: an operation in the shared page is answered with their numbers. */
export interface Pirqs {
  /** @throws {XenCallError} */
  map(guest: DomainId, route: InterruptRoute): Pirq;
  unmap(guest: DomainId, pirq: Pirq): void;
  /**
   * Unmaps messages of the function on this route whose numbers nobody knows: their process ended between the call and
   * its next step. `known` are all pirqs of messages that the guest has besides. @throws {XenCallError}
   */
  unmapForgotten(guest: DomainId, route: MessageRoute, known: ReadonlySet<Pirq>): void;
  /**
   * Writes the addresses and data of a function's messages into the function again: a reset has cleared them.
   * @throws {XenCallError}
   */
  restore(guest: DomainId, fn: PciAddress): void;
}

/** To whom the IOMMU gives a function. */
export interface Assignment {
  /** False where no IOMMU stands between functions and memory. @throws {XenCallError | XenUnsupportedError} */
  translates(): boolean;
  /**
   * The guest's IOMMU context translates the function's DMA from now on; before, it was in quarantine.
   * @throws {XenCallError} EOPNOTSUPP: the guest was made without one.
   */
  assign(guest: DomainId, address: PciAddress): void;
  /** Back into quarantine, where it came from. */
  deassign(guest: DomainId, address: PciAddress): void;
  /** Into the quarantine context, where stray DMA reaches nothing; and out of it. One that is there already stays. */
  quarantine(address: PciAddress): void;
  /** @returns false when it was not there. */
  unquarantine(address: PciAddress): boolean;
  /**
   * Tells Xen of the MSI-X table before it is used, so that no domain can map the table's page writable. Only for a
   * function that has an MSI-X capability: on others Xen 4.17 takes the whole host down (pci_prepare_msix).
   * @returns false when the protection stood already: a holder such as xen-pciback put it there, and it is its to end.
   */
  prepareMsix(address: PciAddress): boolean;
  releaseMsix(address: PciAddress): void;
}

/** Paravirtualised; in a hardware container, without or with a model of a PC's devices. */
export type GuestType = 'pv' | 'pvh' | 'hvm';

/** What Xen and its tool stack know of a guest, beyond what stands in the store. */
export interface GuestStatus {
  /** By the hypervisor's own word. */
  readonly type: GuestType;
  /** Its processors do not run: it was made so and not started yet, or somebody stopped it. */
  readonly paused: boolean;
  /** What passthrough needs and the guest is known to have been made without, as options of xl.cfg. */
  readonly lacking: readonly string[];
}

/**
 * What Xen does for a domain that serves others: a real Xen gives it (`openslot/xen/native`), and the embedded one
 * (`openslot/xen/local`).
 */
export interface XenPlatform extends AsyncDisposable {
  /** The domain that this process runs in. */
  readonly domain: DomainId;
  readonly store: XenStore;
  /** True when guests map frames of the real machine: they can have no function of a machine without such frames. */
  readonly needsMachineFrames: boolean;
  /** `uuid` is the guest's own, as its node in the store says. @throws {XenCallError} there is no such domain. */
  status(guest: DomainId, uuid: string): GuestStatus;
  /** Maps a page that `owner` granted. @throws {XenCallError} */
  mapGrant(owner: DomainId, reference: GrantReference): ForeignPage;
  /**
   * Binds to a port that the other domain allocated for us. `onEvent` is called on the event loop; the channel is
   * unmasked again after it returns, so a storm cannot outrun it, and later where one event after the other asks for
   * nothing. @throws {XenCallError}
   */
  bindChannel(peer: DomainId, port: EventPort, onEvent: OnEvent): EventChannel;
  readonly permissions: GuestPermissions;
  readonly pirqs: Pirqs;
  readonly assignment: Assignment;
}

/** A page of ours that another domain may map, until closed. */
export interface GrantedPage {
  readonly reference: GrantReference;
  /** 4096 of them, zeroed, aligned. */
  readonly bytes: Uint8Array;
  close(): void;
}

/** An event channel that we allocated and the other domain may bind to. */
export interface OfferedChannel {
  readonly port: EventPort;
  notify(): void;
  /**
   * Blocks until the other end has notified since the last call, or the time has passed.
   * @returns false when it has passed.
   */
  wait(milliseconds: number): boolean;
  /**
   * Calls `onEvent` on the event loop after the other end has notified, until {@link close}; once. What {@link wait}
   * has seen need not be told again.
   */
  listen(onEvent: () => void): void;
  close(): void;
}

/** Interrupts of one pirq that the back end mapped for us. A level source stays masked until {@link acknowledge}. */
export type BoundPirq = InterruptCounter & Disposable;

/** A range of the machine's bus in a guest's address space. */
export interface MappedRange extends RegisterAccess, Disposable {
  close(): void;
}

/** What a front end in a guest needs of Xen. What this process cannot have is absent. */
export interface GuestPlatform extends AsyncDisposable {
  readonly domain: DomainId;
  readonly store: XenStore;
  /** @throws {XenCallError} */
  sharePage(peer: DomainId): GrantedPage;
  /** @throws {XenCallError} */
  offerChannel(peer: DomainId): OfferedChannel;
  /** Ranges that {@link openRange} can open: what the tool stack has granted of these kinds. */
  readonly rangeKinds: readonly ('memory' | 'io')[];
  /** `base` is a machine address, as a BAR shows it. @throws {XenCallError} it was not granted to us. */
  openRange(kind: 'memory' | 'io', base: bigint, bytes: number): MappedRange;
  readonly pirqs?: { bind(pirq: Pirq): BoundPirq };
  /** Memory of the domain; its addresses for a device are machine addresses (in a PV guest the IOMMU is identity). */
  readonly dma?: Dma;
}
