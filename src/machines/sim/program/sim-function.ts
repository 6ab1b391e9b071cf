/** A simulated function, opened: one view of the device, with all that this view holds. */
import {
  AbsentInterrupts,
  FunctionClosedError,
  RegionAccessError,
  ResetError,
  restoreState,
  saveState,
  setDecoding,
  ViewInterrupts,
  type Dma,
  type Interrupts,
  type InterruptSources,
  type IovaSpace,
  type PciFunction,
  type Region,
  type RegionInfo,
  type ResetMethod,
} from '../../../function/index.js';
import { CapabilityId, CommandBit, Header, type PciAddress } from '../../../pci/index.js';
import { Bridge } from '../bus/bridge.js';
import type { VirtualClock } from '../clock.js';
import type { Endpoint } from '../device/endpoint.js';
import type { SimHost } from '../host/sim-host.js';
import type { MemoryFile } from '../host/memory-file.js';
import { ProgramDma } from './program-dma.js';
import type { RootComplex } from '../bus/root-complex.js';
import { SimConfig } from './sim-config.js';
import type { SimInterrupts } from './sim-interrupts.js';
import { SimRegion } from './sim-region.js';

const BRIDGE_CONTROL = 0x3e;
const SECONDARY_RESET = 0x40;
const START_FLR = 0x8000;
const D3HOT = 3;
/** What software waits for after each kind of reset, in nanoseconds (PCI Express Base 6.0, 6.6.2, 5.9 and 6.6.1). */
const SETTLE = { flr: 100e6, pm: 10e6, bus: 100e6 } as const;

/** What the views of one device's function share. */
export interface SharedFunction {
  readonly fn: Endpoint | Bridge;
  /** A bridge has none. */
  readonly interrupts: { readonly sources: InterruptSources; readonly programmed: SimInterrupts } | undefined;
  readonly iovas: IovaSpace;
}

export interface FunctionParts {
  readonly address: PciAddress;
  readonly shared: SharedFunction;
  readonly root: RootComplex;
  readonly host: SimHost;
  readonly clock: VirtualClock;
  readonly memoryFile: (() => MemoryFile) | undefined;
  readonly onClose: (view: SimFunction) => void;
}

export class SimFunction implements PciFunction {
  readonly address: PciAddress;
  readonly config: SimConfig;
  /** As the BARs stood when the function was opened. */
  readonly regions: readonly RegionInfo[];
  readonly interrupts: Interrupts;
  readonly dma: Dma;
  readonly #parts: FunctionParts;
  readonly #interrupts: ViewInterrupts | undefined;
  readonly #dma: ProgramDma;
  readonly #opened = new Set<Region>();
  #open = true;

  constructor(parts: FunctionParts) {
    const { address, shared, root, host, clock } = parts;
    this.#parts = parts;
    this.address = address;
    this.config = new SimConfig(address, shared.fn.configSize, root, clock);
    this.regions = shared.fn instanceof Bridge ? [] : shared.fn.regionInfos();
    const checkOpen = () => {
      this.#checkOpen();
    };
    const { interrupts } = shared;
    this.#interrupts =
      interrupts &&
      new ViewInterrupts(() => {
        checkOpen();
        return interrupts.sources;
      });
    this.interrupts = this.#interrupts ?? new AbsentInterrupts(address);
    this.#dma = new ProgramDma({
      host,
      space: shared.iovas,
      context: () => host.iommu.programContext(address),
      memoryFile: parts.memoryFile,
      checkOpen,
    });
    this.dma = this.#dma;
  }

  get interruptLine(): number | undefined {
    const { fn } = this.#parts.shared;
    const pin = fn instanceof Bridge ? undefined : fn.shape.pin;
    return pin === undefined ? undefined : this.#parts.host.lineOf(this.address, pin);
  }

  get resetMethods(): readonly ResetMethod[] {
    const { fn } = this.#parts.shared;
    return fn instanceof Bridge ? [] : fn.resetMethods;
  }

  openRegion(index: number): Region {
    this.#checkOpen();
    const name = `region ${index} of ${this.address}`;
    const info = this.regions.find((region) => region.index === index);
    if (info === undefined) throw new RegionAccessError('REGION_ABSENT', name, 'there is no such region');
    const { root, clock } = this.#parts;
    const map = info.kind === 'io' ? root.io : root.memory;
    const region = new SimRegion(name, info, map, root.routing, clock, () => this.#opened.delete(region));
    this.#opened.add(region);
    return region;
  }

  setEnabled(enabled: boolean): void {
    setDecoding(this.config, this.regions, enabled);
  }

  reset(): Promise<ResetMethod> {
    return Promise.resolve().then(() => {
      this.#checkOpen();
      const [method] = this.resetMethods;
      if (method === undefined) {
        throw new ResetError('RESET_UNAVAILABLE', this.address, 'the function has no reset of its own');
      }
      // As an operating system does it: what software has set is put back, with messages that are in use.
      const saved = saveState(this.config);
      this.config.write(Header.command, 2, CommandBit.intxDisable);
      this.#reset(method);
      if (this.config.read(Header.vendor, 2) === 0xffff) {
        throw new ResetError('RESET_FAILED', this.address, `it reads all ones after ${method}`);
      }
      restoreState(this.config, saved);
      this.#parts.shared.interrupts?.programmed.restore();
      return method;
    });
  }

  #reset(method: ResetMethod): void {
    const { clock, shared } = this.#parts;
    if (shared.fn instanceof Bridge) return;
    if (method === 'flr') {
      const control = (shared.fn.capability(CapabilityId.pcie) ?? 0) + 8;
      this.config.write(control, 2, this.config.read(control, 2) | START_FLR);
      clock.advance(SETTLE.flr);
    } else if (method === 'pm') {
      const control = (shared.fn.capability(CapabilityId.pm) ?? 0) + 4;
      const state = this.config.read(control, 2) & ~D3HOT;
      this.config.write(control, 2, state | D3HOT);
      clock.advance(SETTLE.pm);
      this.config.write(control, 2, state);
      clock.advance(SETTLE.pm);
    } else {
      const bridge = shared.fn.bus.parent;
      if (bridge === undefined) return;
      const control = bridge.configRead(BRIDGE_CONTROL, 2);
      bridge.configWrite(BRIDGE_CONTROL, 2, control | SECONDARY_RESET);
      clock.advance(SETTLE.bus);
      bridge.configWrite(BRIDGE_CONTROL, 2, control & ~SECONDARY_RESET);
      clock.advance(SETTLE.bus);
    }
  }

  /** Ends every region, stream and buffer of this view. */
  close(): void {
    this.#open = false;
    for (const region of [...this.#opened]) region.close();
    this.#interrupts?.close();
    this.#dma.close();
    this.config.close();
    this.#parts.onClose(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(): void {
    if (!this.#open) throw new FunctionClosedError(this.address);
  }
}
