/** The guest's bus as a machine: the functions that a back end gave to this guest. */
import type { FunctionSummary, Machine, MachineCapabilities, PciFunction } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import type { GuestPlatform } from '../xen/platform.js';
import type { BusChange } from './changes.js';
import { BackEndGoneError, NoPciPairError } from './errors.js';
import { FrontEnd } from './front-end.js';
import { GuestBus, MACHINE_NAME } from './guest-bus.js';

/** Of {@link Xpci.start}; a guest program exports them as `xpciOptions`. */
export interface XpciOptions {
  /** Longest wait for the answer to one operation, in milliseconds; then the bus is gone. Default 10,000. */
  readonly operationMs?: number;
  /**
   * MSI-X vectors that are enabled together, at the first that is opened; more cannot be had of a function. Each costs
   * the host an interrupt. Default 32, at most 128.
   */
  readonly msixVectors?: number;
}

/** Of {@link Xpci.connect}. */
export interface XpciConnectOptions extends XpciOptions {
  /** Longest wait for the bus, in milliseconds. Default: for ever, until a function is attached. */
  readonly withinMs?: number;
}

/**
 * It outlives its pair: when the tool stack takes the last function away the list is empty, and when it gives another
 * one the bus is connected anew.
 */
export class Xpci implements Machine, AsyncDisposable {
  readonly name = MACHINE_NAME;
  readonly capabilities: MachineCapabilities;
  readonly #bus: GuestBus;
  readonly #front: FrontEnd;
  #closing: Promise<void> | undefined;

  private constructor(platform: GuestPlatform, options: XpciOptions) {
    this.capabilities = {
      configWrite: true,
      memoryRegions: platform.rangeKinds.includes('memory'),
      ioRegions: platform.rangeKinds.includes('io'),
      interrupts: platform.pirqs !== undefined,
      dma: platform.dma !== undefined,
      reset: false,
      iommuGroups: false,
      machineFrames: false,
    };
    this.#bus = new GuestBus(platform, options.msixVectors ?? 32);
    this.#front = new FrontEnd(platform, this.#bus, options.operationMs ?? 10_000);
  }

  /** Begins to follow the guest's pair and returns at once; there may be no bus yet. The platform stays the caller's. */
  static async start(platform: GuestPlatform, options: XpciOptions = {}): Promise<Xpci> {
    const xpci = new Xpci(platform, options);
    await xpci.#front.start();
    return xpci;
  }

  /**
   * Waits until the bus is there and its functions are found.
   * @throws {NoPciPairError | PairTakenError | PairKeysError | BackEndSilentError | XenCallError | XenStoreError}
   */
  static async connect(platform: GuestPlatform, options: XpciConnectOptions = {}): Promise<Xpci> {
    const xpci = await Xpci.start(platform, options);
    try {
      await xpci.connected(options.withinMs);
      return xpci;
    } catch (cause) {
      await xpci.close().catch(() => undefined);
      throw cause;
    }
  }

  /** Settles when the bus is there. @throws what keeps it from being there; {@link NoPciPairError} after the time. */
  async connected(withinMs = Infinity): Promise<void> {
    const front = this.#front;
    const settled = () => front.connected || front.failure !== undefined || front.stopped;
    if (!(await front.until(settled, withinMs))) throw new NoPciPairError(front.path, withinMs);
    if (front.failure !== undefined) throw front.failure;
    if (front.stopped) throw new BackEndGoneError(front.path, 'the bus was closed');
  }

  list(): readonly FunctionSummary[] {
    return this.#bus.list();
  }

  /** Several may have a function open; its interrupts are each one's who opened them. @throws {FunctionNotFoundError} */
  open(address: PciAddress): PciFunction {
    return this.#bus.open(address);
  }

  /** For `for await`: first each function that is there, then what happens. Each reader gets all of it. */
  changes(): AsyncIterableIterator<BusChange> {
    return this.#bus.changes.read(this.list().map(({ address }) => ({ change: 'attached', address })));
  }

  /**
   * Searches the bus again: what a silent back end has lost comes back when it answers again.
   * @returns false when there is no bus, or the back end still owes an answer.
   * @throws {BackEndSilentError}
   */
  rescan(): Promise<boolean> {
    return this.#front.rescan();
  }

  /** Closes what is open and ends the pair in order; takes some seconds at most when the back end does not answer. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#bus.closeOpened();
    try {
      await this.#front.stop();
    } finally {
      this.#bus.changes.end();
    }
  }

  [Symbol.dispose](): void {
    // The end of the pair takes messages: whoever wants to know of it uses close().
    void this.close().catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
