/** One opened function of the guest's bus, behind the port. */
import {
  checkConfigAccess,
  ConfigAccessError,
  EnableError,
  FunctionClosedError,
  InterruptError,
  RegionAccessError,
  ResetError,
  ROM_REGION,
  setDecoding,
  type ConfigSpace,
  type ConfigWidth,
  type Dma,
  type DmaBuffer,
  type DmaConstraints,
  type ErrorHandlers,
  type ErrorRecovery,
  type Interrupts,
  type InterruptSource,
  type InterruptStream,
  type PciFunction,
  type Region,
  type RegionInfo,
  type ResetMethod,
} from '../function/index.js';
import { OpenslotError, type PciAddress } from '../pci/index.js';
import type { BusFunction } from './bus-function.js';
import type { FunctionInterrupts } from './function-interrupts.js';
import { GuestRegion } from './guest-region.js';

/** The checked space of one opener; closing it leaves the others theirs. */
class FunctionConfig implements ConfigSpace {
  readonly size: number;
  readonly #fn: BusFunction;
  #open = true;

  constructor(fn: BusFunction) {
    this.#fn = fn;
    this.size = fn.size;
  }

  read(offset: number, width: ConfigWidth): number {
    checkConfigAccess('read', offset, width, this.size);
    if (!this.#open) throw closed('read', offset, width);
    return this.#fn.read(offset, width);
  }

  write(offset: number, width: ConfigWidth, value: number): void {
    checkConfigAccess('write', offset, width, this.size);
    if (!this.#open) throw closed('write', offset, width);
    this.#fn.write(offset, width, value >>> 0);
  }

  close(): void {
    this.#open = false;
  }
}

function closed(operation: 'read' | 'write', offset: number, width: number): ConfigAccessError {
  return new ConfigAccessError('CONFIG_REFUSED', { operation, offset, width }, 'the function was closed');
}

/** What was opened through it is closed with it. After a detach reads give all ones and writes reach nothing. */
export class XpciFunction implements PciFunction {
  readonly address: PciAddress;
  readonly config: FunctionConfig;
  readonly regions: readonly RegionInfo[];
  readonly interrupts?: Interrupts;
  readonly dma?: Dma;
  /** A guest cannot reset a function: the back end does, when it comes back. */
  readonly resetMethods: readonly ResetMethod[] = [];
  readonly #fn: BusFunction;
  readonly #onClose: () => void;
  readonly #opened = new Set<Disposable>();
  #open = true;

  /** Sizes the function's regions when nobody has yet. */
  constructor(fn: BusFunction, onClose: () => void) {
    this.#fn = fn;
    this.#onClose = onClose;
    this.address = fn.address;
    this.config = new FunctionConfig(fn);
    this.regions = fn.regions;
    const { interrupts, platform } = fn;
    if (interrupts !== undefined) this.interrupts = this.#ownInterrupts(interrupts);
    if (platform.dma !== undefined) this.dma = this.#ownDma(platform.dma);
  }

  get interruptLine(): number | undefined {
    return this.#fn.interruptLine;
  }

  openRegion(index: number): Region {
    const name = `region ${index} of ${this.address}`;
    const info = this.regions.find((region) => region.index === index);
    if (info === undefined) throw new RegionAccessError('REGION_ABSENT', name, 'there is no such region');
    return this.#keep(this.#mapRegion(name, info));
  }

  #mapRegion(name: string, info: RegionInfo): GuestRegion {
    const refused = (why: string, options?: ErrorOptions) =>
      new RegionAccessError('REGION_REFUSED', name, why, '', options);
    const { platform } = this.#fn;
    if (!this.#open) throw new RegionAccessError('REGION_CLOSED', name, 'the function was closed');
    if (this.#fn.hasLeft) throw refused('the function was detached');
    if (info.index === ROM_REGION) throw refused('the back end never enables an expansion ROM for a guest');
    if (info.address === 0n) throw refused('the BAR has no address');
    if (!platform.rangeKinds.includes(info.kind))
      throw refused(`a program cannot reach ${info.kind === 'io' ? 'I/O ports' : 'memory'} in this guest`);
    try {
      return new GuestRegion(name, info, platform, this.#fn, (region) => this.#opened.delete(region));
    } catch (cause) {
      if (cause instanceof OpenslotError) throw refused(`${cause.code}: ${cause.message}`, { cause });
      throw cause;
    }
  }

  /** The back end decides whether the hardware follows. */
  setEnabled(enabled: boolean): void {
    try {
      setDecoding(this.config, this.regions, enabled);
    } catch (cause) {
      if (!(cause instanceof ConfigAccessError)) throw cause;
      throw new EnableError(this.address, enabled, cause.message, { cause });
    }
  }

  reset(): Promise<ResetMethod> {
    return Promise.reject(
      new ResetError('RESET_UNAVAILABLE', this.address, 'a guest cannot; the back end does at detach'),
    );
  }

  readonly errors: ErrorRecovery = {
    handle: (handlers: ErrorHandlers): Disposable => {
      if (!this.#open) throw new FunctionClosedError(this.address);
      const handling = this.#fn.errors.handle(handlers);
      const own: Disposable = {
        [Symbol.dispose]: () => {
          this.#opened.delete(own);
          handling[Symbol.dispose]();
        },
      };
      return this.#keep(own);
    },
  };

  #ownInterrupts(interrupts: FunctionInterrupts): Interrupts {
    return {
      get available() {
        return interrupts.available;
      },
      open: (source: InterruptSource): InterruptStream => {
        if (!this.#open)
          throw new InterruptError('INTERRUPT_ABSENT', this.address, source, 'the function was closed');
        return this.#keep(interrupts.open(source, (stream) => this.#opened.delete(stream)));
      },
    };
  }

  #ownDma(dma: Dma): Dma {
    return {
      allocate: async (bytes: number, constraints?: DmaConstraints): Promise<DmaBuffer> => {
        if (!this.#open) throw new FunctionClosedError(this.address);
        const allocated = await dma.allocate(bytes, constraints);
        const buffer: DmaBuffer = {
          bytes: allocated.bytes,
          iova: allocated.iova,
          segments: allocated.segments,
          [Symbol.dispose]: () => {
            this.#opened.delete(buffer);
            allocated[Symbol.dispose]();
          },
        };
        // Closed while the memory was on its way: nobody would end it.
        if (!this.#open) buffer[Symbol.dispose]();
        return this.#keep(buffer);
      },
    };
  }

  #keep<T extends Disposable>(part: T): T {
    if (this.#open) this.#opened.add(part);
    return part;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.config.close();
    this.#onClose();
    const failures: unknown[] = [];
    for (const part of [...this.#opened]) {
      try {
        part[Symbol.dispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#opened.clear();
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('; '));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
