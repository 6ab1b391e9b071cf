/** Replayed devices: functions and platform devices that answer from a recording. */
import {
  checkedConfig,
  CheckedRegion,
  FunctionClosedError,
  RegionAccessError,
  regionFromWire,
  type ConfigSpace,
  type Dma,
  type DmaBuffer,
  type DmaConstraints,
  type Interrupts,
  type PciFunction,
  type PlatformDevice,
  type Region,
  type RegionInfo,
  type RegionWidth,
  type ResetMethod,
  type Resources,
} from '../../function/index.js';
import { constraintsOnWire, hex, type DeviceFacts, type DeviceName } from '../../function/recording/index.js';
import type { PciAddress } from '../../pci/index.js';
import type { Replay } from './replay.js';
import { ReplayedInterrupts } from './replay-interrupts.js';

class ReplayedRegion extends CheckedRegion {
  readonly #device: DeviceName;
  readonly #replay: Replay;
  readonly #onClose: () => void;

  constructor(info: RegionInfo, device: DeviceName, replay: Replay, onClose: () => void) {
    super(info, device);
    this.#device = device;
    this.#replay = replay;
    this.#onClose = onClose;
  }

  protected makeRead(offset: number, width: RegionWidth): number | bigint {
    const { index } = this.info;
    const is = this.#replay.ask({
      op: 'read',
      device: this.#device,
      region: index,
      offset: hex(offset),
      width,
    });
    return width === 8 ? BigInt(is) : Number(is);
  }

  protected makeWrite(offset: number, width: RegionWidth, value: number | bigint): void {
    this.#replay.ask({
      op: 'write',
      device: this.#device,
      region: this.info.index,
      offset: hex(offset),
      width,
      value: hex(value),
    });
  }

  protected closed(): void {
    this.#replay.ask({ op: 'region.close', device: this.#device, region: this.info.index });
    this.#onClose();
  }
}

class ReplayedResources implements Resources {
  readonly regions: readonly RegionInfo[];
  readonly interrupts?: Interrupts;
  readonly dma?: Dma;
  readonly resetMethods: readonly ResetMethod[];
  protected readonly device: DeviceName;
  protected readonly replay: Replay;
  readonly #interrupts: ReplayedInterrupts | undefined;
  readonly #buffers = new Set<number>();
  readonly #opened = new Set<Region>();
  #open = true;

  constructor(device: DeviceName, facts: DeviceFacts, replay: Replay) {
    this.device = device;
    this.replay = replay;
    this.regions = facts.regions.map(regionFromWire);
    this.resetMethods = facts.resetMethods;
    if (facts.interrupts !== null) {
      this.#interrupts = new ReplayedInterrupts(device, facts.interrupts, replay, () => {
        this.#checkOpen();
      });
      this.interrupts = this.#interrupts;
    }
    if (facts.dma) this.dma = { allocate: (bytes, constraints) => this.#allocate(bytes, constraints) };
  }

  protected get isOpen(): boolean {
    return this.#open;
  }

  openRegion(index: number): Region {
    this.#checkOpen();
    this.replay.ask({ op: 'region.open', device: this.device, region: index });
    const info = this.regions.find((region) => region.index === index);
    if (info === undefined) {
      const name = `region ${index} of ${this.device}`;
      throw new RegionAccessError('REGION_ABSENT', name, 'there is no such region');
    }
    const region = new ReplayedRegion(info, this.device, this.replay, () => this.#opened.delete(region));
    this.#opened.add(region);
    return region;
  }

  async reset(): Promise<ResetMethod> {
    this.#checkOpen();
    const done = this.replay.resetDone(this.device);
    this.replay.ask({ op: 'reset', device: this.device });
    return done;
  }

  close(): void {
    if (!this.#open) return;
    for (const region of [...this.#opened]) region.close();
    this.#open = false;
    this.replay.ask({ op: 'close', device: this.device });
    this.#interrupts?.close();
    for (const buffer of this.#buffers) this.replay.forget(buffer);
    this.#buffers.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #allocate(bytes: number, constraints?: DmaConstraints): Promise<DmaBuffer> {
    this.#checkOpen();
    const { replay, device } = this;
    const buffer = replay.numberBuffer();
    const allocated = replay.allocated(buffer);
    const demanded = constraints === undefined ? {} : { constraints: constraintsOnWire(constraints) };
    replay.ask({ op: 'dma.allocate', device, buffer, bytes, ...demanded });
    const { memory, iova, segments } = await allocated;
    this.#buffers.add(buffer);
    return {
      bytes: memory.bytes,
      iova,
      segments,
      [Symbol.dispose]: () => {
        if (!this.#buffers.delete(buffer)) return;
        replay.ask({ op: 'dma.free', buffer });
        replay.forget(buffer);
      },
    };
  }

  #checkOpen(): void {
    if (!this.#open) throw new FunctionClosedError(this.device);
  }
}

export class ReplayedPlatformDevice extends ReplayedResources implements PlatformDevice {
  get name(): string {
    return this.device;
  }
}

export class ReplayedFunction extends ReplayedResources implements PciFunction {
  readonly address: PciAddress;
  readonly config: ConfigSpace;
  readonly interruptLine: number | undefined;

  constructor(address: PciAddress, facts: DeviceFacts, replay: Replay) {
    super(String(address), facts, replay);
    this.address = address;
    this.interruptLine = facts.interruptLine ?? undefined;
    const { device } = this;
    this.config = checkedConfig(facts.configSize ?? 0, () => this.isOpen, {
      read: (offset, width) => Number(replay.ask({ op: 'config.read', device, offset: hex(offset), width })),
      write: (offset, width, value) => {
        replay.ask({ op: 'config.write', device, offset: hex(offset), width, value: hex(value) });
      },
    });
  }

  setEnabled(enabled: boolean): void {
    this.replay.ask({ op: 'enable', device: this.device, on: enabled });
  }
}
