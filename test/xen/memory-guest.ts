/** A guest's platform in memory for tests: its notify() runs the back end at once, so that an answer is never awaited. */
import type { DmaBuffer, Iova, PhysicalAddress } from '../../src/function/index.js';
import { domainId, type DomainId } from '../../src/xen/domain.js';
import type {
  BoundPirq,
  EventPort,
  GrantedPage,
  GrantReference,
  GuestPlatform,
  MappedRange,
  OfferedChannel,
  Pirq,
} from '../../src/xen/platform.js';
import { homePath, XenStoreClient, type XenStore } from '../../src/xen/store/index.js';
import type { SimulatedHost } from '../function/simulated-host.js';
import type { MemoryPlatform } from './memory-platform.js';
import { permissions } from './store/tree-text.js';

/** Lets time pass as a blocked thread does. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Interrupts that a test raises by hand. */
export class MemoryPirq implements BoundPirq {
  acknowledged = 0;
  open = true;
  #raised = 0;
  #wake: () => void = () => undefined;

  raise(): void {
    this.#raised++;
    this.#wake();
  }

  take(): number {
    const raised = this.#raised;
    this.#raised = 0;
    return raised;
  }

  wait(milliseconds: number): boolean {
    if (this.#raised === 0) pause(milliseconds);
    return this.#raised > 0;
  }

  ready(): Promise<void> {
    if (this.#raised > 0 || !this.open) return Promise.resolve();
    return new Promise((resolve) => (this.#wake = resolve));
  }

  acknowledge(): void {
    this.acknowledged++;
  }

  close(): void {
    this.open = false;
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

export class MemoryGuest implements GuestPlatform {
  readonly domain: DomainId;
  readonly store: XenStore;
  readonly rangeKinds = ['memory', 'io'] as const;
  /** What is open now. */
  readonly open = { pages: 0, channels: 0, ranges: 0, buffers: 0 };
  /** Every pirq that was ever bound, by its number: the last binding of each. */
  readonly bound = new Map<number, MemoryPirq>();
  /** The back end does not hear us any more: what we ask stays in the page. */
  deaf = false;
  /** What happens elsewhere while this guest is blocked; otherwise only time passes. */
  meanwhile: (() => void) | undefined;
  /** Binding a pirq fails. */
  refuseBind = false;
  /** The last page that was granted. */
  page = new Int32Array(new SharedArrayBuffer(4096));
  readonly #host: MemoryPlatform;
  readonly #machine: SimulatedHost;
  #next = 8;

  constructor(host: MemoryPlatform, machine: SimulatedHost, domain: number) {
    this.#host = host;
    this.#machine = machine;
    this.domain = domainId(domain);
    this.store = new XenStoreClient(host.server.connect({ domain: this.domain }));
    // As every tool stack makes it: the guest may read its own home.
    host.server.write(homePath(this.domain), '');
    host.server.setPermissions(homePath(this.domain), permissions('n0', `r${domain}`));
  }

  sharePage(): GrantedPage {
    const buffer = new SharedArrayBuffer(4096);
    const reference = this.#next++ as GrantReference;
    this.page = new Int32Array(buffer);
    this.#host.pages.set(`${this.domain}/${reference}`, buffer);
    this.open.pages++;
    return {
      reference,
      bytes: new Uint8Array(buffer),
      close: () => {
        this.#host.pages.delete(`${this.domain}/${reference}`);
        this.open.pages--;
      },
    };
  }

  offerChannel(): OfferedChannel {
    const port = this.#next++ as EventPort;
    let notified = false;
    const channel = {
      onNotified: () => {
        notified = true;
      },
      raise: () => undefined,
    };
    this.#host.ports.set(`${this.domain}/${port}`, channel);
    this.open.channels++;
    return {
      port,
      notify: () => {
        if (!this.deaf) channel.raise();
      },
      wait: (milliseconds) => {
        if (!notified && this.meanwhile !== undefined) this.meanwhile();
        else if (!notified) pause(milliseconds);
        const came = notified;
        notified = false;
        return came;
      },
      close: () => {
        this.#host.ports.delete(`${this.domain}/${port}`);
        this.open.channels--;
      },
    };
  }

  /** The registers of whatever function of the machine stands at the address. */
  openRange(kind: 'memory' | 'io', base: bigint, bytes: number): MappedRange {
    const range = this.#machine.host.openRange(kind, Number(base) as PhysicalAddress, bytes);
    this.open.ranges++;
    const close = () => {
      this.open.ranges--;
    };
    return {
      read8: (offset) => range.read8(offset),
      read16: (offset) => range.read16(offset),
      read32: (offset) => range.read32(offset),
      read64: (offset) => range.read64(offset),
      write8: (offset, value) => {
        range.write8(offset, value);
      },
      write16: (offset, value) => {
        range.write16(offset, value);
      },
      write32: (offset, value) => {
        range.write32(offset, value);
      },
      write64: (offset, value) => {
        range.write64(offset, value);
      },
      close,
      [Symbol.dispose]: close,
    };
  }

  readonly pirqs = {
    bind: (pirq: Pirq): BoundPirq => {
      if (this.refuseBind || this.bound.get(pirq)?.open === true)
        throw new Error(`pirq ${pirq} cannot be bound`);
      const bound = new MemoryPirq();
      this.bound.set(pirq, bound);
      return bound;
    },
  };

  readonly dma = {
    allocate: (bytes: number): Promise<DmaBuffer> => {
      this.open.buffers++;
      return Promise.resolve({
        bytes: new Uint8Array(new SharedArrayBuffer(bytes)),
        iova: 0x1000n as Iova,
        [Symbol.dispose]: () => {
          this.open.buffers--;
        },
      });
    },
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
  }
}
