/**
 * A strict old front end, for tests: does what NetBSD's xpci does, no more and no less. It publishes its page at once,
 * takes what is there at state 4, dies of the states 6, 7 and 8, waits without an end, and knows 4-byte accesses and
 * INTx alone.
 */
import { PciAddress } from '../../src/pci/index.js';
import { frontendPath } from '../../src/xen/pciif/index.js';
import type {
  BoundPirq,
  GrantedPage,
  GuestPlatform,
  MappedRange,
  OfferedChannel,
  Pirq,
} from '../../src/xen/platform.js';
import type { DomainId } from '../../src/xen/domain.js';

/** What the guest's console shows last. */
export class GuestPanic extends Error {
  constructor(why: string) {
    super(`panic: ${why}`);
  }
}

/** XenBus states by their numbers. */
const [INITIALISING, INITIALISED, CONNECTED, CLOSING, CLOSED, RECONFIGURING, RECONFIGURED] = [
  1, 3, 4, 5, 6, 7, 8,
] as const;

/** Words of the shared page (pciif.h). */
const PAGE = { flags: 0, command: 1, error: 2, domain: 3, bus: 4, devfn: 5, offset: 6, size: 7, value: 8 };
const ACTIVE = 1;
const [CONF_READ, CONF_WRITE] = [0, 1] as const;

/** Configuration registers, each of 4 bytes: the only accesses there are. */
const REGISTER = {
  id: 0x00,
  commandStatus: 0x04,
  classRevision: 0x08,
  header: 0x0c,
  bars: 0x10,
  subsystem: 0x2c,
};
const INTERRUPT = 0x3c;
const BARS = 6;
const [IO_ENABLE, MEMORY_ENABLE] = [1, 2] as const;
const ALL_ONES = 0xffff_ffff;

export interface StrictBar {
  readonly index: number;
  readonly kind: 'memory' | 'io';
  readonly base: bigint;
  /** Bytes. */
  readonly size: number;
}

/** A function as the machine-independent probe found it. */
export interface StrictFunction {
  readonly address: PciAddress;
  /** Device in the high half, vendor in the low one. */
  readonly id: number;
  readonly subsystem: number;
  readonly classRevision: number;
  readonly bars: readonly StrictBar[];
  /** Interrupt line: the pirq. */
  readonly line: number;
}

export class StrictFrontEnd {
  readonly functions: StrictFunction[] = [];
  /** Settles when autoconfiguration goes on: the back end was Connected, and what it has is found. */
  readonly configured: Promise<void>;
  /** Rejects when the guest has panicked; never settles else. */
  readonly panicked: Promise<never>;
  /** What the boot messages say. */
  readonly messages: string[] = [];
  readonly #platform: GuestPlatform;
  readonly #front: string;
  #configured: () => void = () => undefined;
  #panicked: (why: unknown) => void = () => undefined;
  #panic: unknown;
  #attached:
    { readonly page: Int32Array; readonly channel: OfferedChannel; readonly back: string } | undefined;
  #searched = false;
  #error = 0;

  private constructor(platform: GuestPlatform) {
    this.#platform = platform;
    this.#front = frontendPath(platform.domain);
    this.configured = new Promise((resolve) => (this.#configured = resolve));
    this.panicked = new Promise((_resolve, reject) => (this.#panicked = reject));
    // Whoever wants to know of it asks.
    this.panicked.catch(() => undefined);
  }

  /** The kernel looks for devices from now on. */
  static async boot(platform: GuestPlatform): Promise<StrictFrontEnd> {
    const xpci = new StrictFrontEnd(platform);
    await platform.store.watch(xpci.#front, () => xpci.#guarded(() => xpci.#probe()));
    return xpci;
  }

  /** Why the guest does not live any more. */
  get panic(): string | undefined {
    return this.#panic === undefined ? undefined : String((this.#panic as Error).message);
  }

  /** Of the last operation. Only the search of a bus looks at it. */
  get error(): number {
    return this.#error;
  }

  // Attachment and handshake

  /** The generic code: own state 1, and a back end that can be read. Only one xpci for each guest. */
  async #probe(): Promise<void> {
    if (this.#attached !== undefined) return;
    const { store } = this.#platform;
    const read = (path: string) => store.read(path).catch(() => undefined);
    if ((await read(`${this.#front}/state`)) !== String(INITIALISING)) return;
    const [backend, back] = [await read(`${this.#front}/backend-id`), await read(`${this.#front}/backend`)];
    if (backend === undefined || back === undefined || (await read(`${back}/state`)) === undefined) return;
    await this.#attach(Number(backend) as DomainId, back);
  }

  /** Without waiting for the back end: a zeroed page, an unbound channel without a handler, and state 3. */
  async #attach(backend: DomainId, back: string): Promise<void> {
    this.messages.push('xpci0: Xen PCI passthrough Interface');
    const { store } = this.#platform;
    const page: GrantedPage = this.#platform.sharePage(backend);
    const channel = this.#platform.offerChannel(backend);
    const { buffer, byteOffset, byteLength } = page.bytes;
    this.#attached = { page: new Int32Array(buffer, byteOffset, byteLength / 4), channel, back };
    await store.transaction(async (tx) => {
      await tx.write(`${this.#front}/pci-op-ref`, String(page.reference));
      await tx.write(`${this.#front}/event-channel`, String(channel.port));
      await tx.write(`${this.#front}/magic`, '7');
      await tx.write(`${this.#front}/state`, String(INITIALISED));
    });
    await store.watch(`${back}/state`, () => this.#guarded(() => this.#backEndChanged(back)));
  }

  async #backEndChanged(back: string): Promise<void> {
    // A state that cannot be read is that of a device which is gone.
    const text = await this.#platform.store.read(`${back}/state`).catch(() => undefined);
    const state = text === undefined ? CLOSED : Number(text);
    switch (state) {
      case CONNECTED:
        if (this.#searched) return;
        this.#searched = true;
        if (!(await this.#findBuses(back))) return;
        await this.#switchState(CONNECTED);
        this.#configured();
        return;
      case CLOSING:
        // The driver stays attached.
        await this.#switchState(CLOSED);
        return;
      case CLOSED:
        throw new GuestPanic('forced detach of xpci0 failed');
      case RECONFIGURING:
      case RECONFIGURED:
        throw new GuestPanic(`bad backend state ${state}`);
      default:
        return;
    }
  }

  async #switchState(state: number): Promise<void> {
    await this.#platform.store.write(`${this.#front}/state`, String(state));
  }

  /** @returns false when the driver stays without buses, and its state where it is. */
  async #findBuses(back: string): Promise<boolean> {
    const { store } = this.#platform;
    let count: string | undefined;
    try {
      count = await store.read(`${back}/root_num`);
    } catch (error) {
      this.messages.push(`xpci0: can't read root_num: ${String(error)}`);
      return false;
    }
    if (count === undefined) {
      this.messages.push('xpci0: no root_num, assuming 0000:00');
      this.#searchBus(0);
      return true;
    }
    for (let index = 0; index < Number(count); index++) {
      // Cut by position: dddd:bb. That one is missing is not looked at.
      const root = (await store.read(`${back}/root-${index}`)) ?? '';
      if (root.slice(0, 4) === '0000') this.#searchBus(parseInt(root.slice(5), 16));
      else this.messages.push(`xpci0: domain of root ${root} is not 0000, skipped`);
    }
    return true;
  }

  // Enumeration

  /** Every device and every function by itself: function 0 need not be there. */
  #searchBus(bus: number): void {
    const hits: PciAddress[] = [];
    for (let device = 0; device < 32; device++) {
      for (let fn = 0; fn < 8; fn++) {
        const address = new PciAddress(0, bus, device, fn);
        this.confRead(address, REGISTER.id);
        if (this.#error !== 0) continue;
        this.#enableDecoding(address);
        hits.push(address);
      }
    }
    for (const address of hits) this.#probeFunction(address);
  }

  /** Where both decodes are off, they are switched on as the BARs suggest: one write of command and status. */
  #enableDecoding(address: PciAddress): void {
    const csr = this.confRead(address, REGISTER.commandStatus);
    if ((csr & (IO_ENABLE | MEMORY_ENABLE)) !== 0) return;
    let enable = 0;
    for (let index = 0; index < BARS; index++) {
      const bar = this.confRead(address, REGISTER.bars + index * 4);
      if ((bar & 1) !== 0) enable |= IO_ENABLE;
      else if (bar !== 0) enable |= MEMORY_ENABLE;
    }
    this.confWrite(address, REGISTER.commandStatus, csr | enable);
  }

  /** The machine-independent probe, which never learns of an error. */
  #probeFunction(address: PciAddress): void {
    const headerType = (this.confRead(address, REGISTER.header) >>> 16) & 0x7f;
    if (headerType > 2) return;
    const id = this.confRead(address, REGISTER.id);
    const vendor = id & 0xffff;
    if (vendor === 0 || vendor === 0xffff) return;
    this.functions.push({
      address,
      id,
      subsystem: this.confRead(address, REGISTER.subsystem),
      classRevision: this.confRead(address, REGISTER.classRevision),
      bars: headerType === 0 ? this.#sizeBars(address) : [],
      line: this.confRead(address, INTERRUPT) & 0xff,
    });
  }

  /** Each by writing all ones, and restoring it. */
  #sizeBars(address: PciAddress): readonly StrictBar[] {
    const bars: StrictBar[] = [];
    for (let index = 0; index < BARS; index++) {
      const at = REGISTER.bars + index * 4;
      const shown = this.confRead(address, at);
      const mask = this.#sizingAnswer(address, at, shown);
      if (mask === 0) continue;
      const kind = (shown & 1) !== 0 ? 'io' : 'memory';
      const addressBits = kind === 'io' ? ~0x3 : ~0xf;
      const settable = mask & addressBits;
      let high = 0;
      const wide = kind === 'memory' && (shown & 0x6) === 0x4;
      if (wide) {
        high = this.confRead(address, at + 4);
        this.#sizingAnswer(address, at + 4, high);
      }
      // The lowest bit that can be set is the size.
      const size = (settable & -settable) >>> 0;
      bars.push({ index, kind, base: (BigInt(high) << 32n) | BigInt((shown & addressBits) >>> 0), size });
      if (wide) index++;
    }
    return bars;
  }

  #sizingAnswer(address: PciAddress, at: number, shown: number): number {
    this.confWrite(address, at, ALL_ONES);
    const answer = this.confRead(address, at);
    this.confWrite(address, at, shown);
    return answer;
  }

  // Config access

  /** @returns the value, whatever the error says. */
  confRead(address: PciAddress, offset: number): number {
    return this.#operate(CONF_READ, address, offset, 0);
  }

  /** Always looks successful. */
  confWrite(address: PciAddress, offset: number, value: number): void {
    this.#operate(CONF_WRITE, address, offset, value);
  }

  #operate(command: number, { bus, devfn }: PciAddress, offset: number, value: number): number {
    if (this.#attached === undefined) throw new Error('xpci is not attached');
    const { page, channel } = this.#attached;
    page[PAGE.command] = command;
    page[PAGE.error] = 0;
    page[PAGE.domain] = 0;
    page[PAGE.bus] = bus;
    page[PAGE.devfn] = devfn;
    page[PAGE.offset] = offset;
    page[PAGE.size] = 4;
    page[PAGE.value] = value | 0;
    Atomics.or(page, PAGE.flags, ACTIVE);
    channel.notify();
    // With interrupts off, and for ever; the processor sleeps here only for the sake of the machine that simulates it.
    while ((Atomics.load(page, PAGE.flags) & ACTIVE) !== 0) channel.wait(1000);
    this.#error = Atomics.load(page, PAGE.error);
    return Atomics.load(page, PAGE.value) >>> 0;
  }

  // Memory and interrupts

  /**
   * The BAR's content is a machine address, and is mapped as it is.
   * @throws {GuestPanic} it lies above the 4 GiB that the guest keeps account of.
   */
  map({ bars }: StrictFunction, index: number): MappedRange {
    const bar = bars.find((one) => one.index === index);
    if (bar === undefined) throw new Error(`no BAR ${index}`);
    if (bar.base + BigInt(bar.size) > 1n << 32n)
      throw this.#die(new GuestPanic('extent_alloc_region: region'));
    return this.#platform.openRange(bar.kind, bar.base, bar.size);
  }

  /** @returns undefined where the driver fails to attach its interrupt. @throws {GuestPanic} Xen refuses to bind it. */
  establish({ line }: StrictFunction): BoundPirq | undefined {
    if (line === 0 || line === 255 || this.#platform.pirqs === undefined) return undefined;
    try {
      return this.#platform.pirqs.bind((line === 2 ? 9 : line) as Pirq);
    } catch (cause) {
      throw this.#die(new GuestPanic(`bind_pirq_to_evtch: ${String(cause)}`));
    }
  }

  /** What no handler catches ends the guest. */
  async #guarded(handler: () => Promise<void>): Promise<void> {
    if (this.#panic !== undefined) return;
    try {
      await handler();
    } catch (error) {
      this.#die(error);
    }
  }

  #die<Reason>(reason: Reason): Reason {
    this.#panic ??= reason;
    this.#panicked(reason);
    return reason;
  }
}
