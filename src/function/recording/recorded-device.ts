/** Recorded devices: every question to a function or a platform device is kept with its answer. */
import { CheckedRegion, type RegionWidth } from '../checked-region.js';
import { checkedConfig } from '../config-access.js';
import { FunctionClosedError } from '../errors.js';
import type {
  ConfigSpace,
  Dma,
  Interrupts,
  PciFunction,
  Region,
  RegionInfo,
  ResetMethod,
  Resources,
} from '../function.js';
import type { PlatformDevice } from '../platform.js';
import type { PciAddress } from '../../pci/address.js';
import { errorData } from '../../pci/errors.js';
import { hex, type DeviceName } from './entry.js';
import { RecordedDma } from './recorded-dma.js';
import { RecordedInterrupts } from './recorded-interrupts.js';
import type { Recorder } from './recorder.js';

const none = () => null;

class RecordedRegion extends CheckedRegion {
  readonly #inner: Region;
  readonly #device: DeviceName;
  readonly #recorder: Recorder;
  readonly #onClose: () => void;

  constructor(inner: Region, device: DeviceName, recorder: Recorder, onClose: () => void) {
    super(inner.info, device);
    this.#inner = inner;
    this.#device = device;
    this.#recorder = recorder;
    this.#onClose = onClose;
  }

  protected makeRead(offset: number, width: RegionWidth): number | bigint {
    const asked = {
      op: 'read',
      device: this.#device,
      region: this.info.index,
      offset: hex(offset),
      width,
    } as const;
    return this.#recorder.ask(asked, () => readOf(this.#inner, offset, width), hex);
  }

  protected makeWrite(offset: number, width: RegionWidth, value: number | bigint): void {
    const asked = {
      op: 'write',
      device: this.#device,
      region: this.info.index,
      offset: hex(offset),
      width,
      value: hex(value),
    } as const;
    this.#recorder.ask(
      asked,
      () => {
        writeTo(this.#inner, offset, width, value);
      },
      none,
    );
  }

  protected closed(): void {
    this.#recorder.ask(
      { op: 'region.close', device: this.#device, region: this.info.index },
      () => {
        this.#inner.close();
      },
      none,
    );
    this.#onClose();
  }
}

function readOf(region: Region, offset: number, width: RegionWidth): number | bigint {
  if (width === 4) return region.read32(offset);
  if (width === 8) return region.read64(offset);
  return width === 2 ? region.read16(offset) : region.read8(offset);
}

function writeTo(region: Region, offset: number, width: RegionWidth, value: number | bigint): void {
  if (width === 4) region.write32(offset, Number(value));
  else if (width === 8) region.write64(offset, BigInt(value));
  else if (width === 2) region.write16(offset, Number(value));
  else region.write8(offset, Number(value));
}

/** What functions and platform devices have in common. */
class RecordedResources<Inner extends Resources & { close(): void }> implements Resources {
  readonly regions: readonly RegionInfo[];
  readonly interrupts?: Interrupts;
  readonly dma?: Dma;
  readonly resetMethods: readonly ResetMethod[];
  protected readonly inner: Inner;
  protected readonly device: DeviceName;
  protected readonly recorder: Recorder;
  readonly #interrupts: RecordedInterrupts | undefined;
  readonly #dma: RecordedDma | undefined;
  readonly #opened = new Set<Region>();
  #open = true;

  constructor(device: DeviceName, inner: Inner, recorder: Recorder) {
    this.device = device;
    this.inner = inner;
    this.recorder = recorder;
    this.regions = inner.regions;
    this.resetMethods = inner.resetMethods;
    const checkOpen = () => {
      this.#checkOpen();
    };
    if (inner.interrupts !== undefined) {
      this.#interrupts = new RecordedInterrupts(device, inner.interrupts, recorder, checkOpen);
      this.interrupts = this.#interrupts;
    }
    if (inner.dma !== undefined) {
      this.#dma = new RecordedDma(device, inner.dma, recorder, checkOpen);
      this.dma = this.#dma;
    }
  }

  protected get isOpen(): boolean {
    return this.#open;
  }

  openRegion(index: number): Region {
    this.#checkOpen();
    const inner = this.recorder.ask(
      { op: 'region.open', device: this.device, region: index },
      () => this.inner.openRegion(index),
      none,
    );
    const region = new RecordedRegion(inner, this.device, this.recorder, () => this.#opened.delete(region));
    this.#opened.add(region);
    return region;
  }

  async reset(): Promise<ResetMethod> {
    this.#checkOpen();
    const { device } = this;
    const pending = this.recorder.ask({ op: 'reset', device }, () => this.inner.reset(), none);
    try {
      const method = await pending;
      this.recorder.happened({ op: 'reset.done', device, method });
      return method;
    } catch (error) {
      this.recorder.happened({ op: 'reset.done', device, refused: errorData(error) });
      throw error;
    }
  }

  close(): void {
    if (!this.#open) return;
    for (const region of [...this.#opened]) region.close();
    this.#open = false;
    this.recorder.ask(
      { op: 'close', device: this.device },
      () => {
        this.inner.close();
      },
      none,
    );
    this.#interrupts?.close();
    this.#dma?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(): void {
    if (!this.#open) throw new FunctionClosedError(this.device);
  }
}

export class RecordedPlatformDevice extends RecordedResources<PlatformDevice> implements PlatformDevice {
  get name(): string {
    return this.inner.name;
  }
}

export class RecordedFunction extends RecordedResources<PciFunction> implements PciFunction {
  readonly config: ConfigSpace;

  constructor(inner: PciFunction, recorder: Recorder) {
    super(String(inner.address), inner, recorder);
    const { device } = this;
    this.config = checkedConfig(inner.config.size, () => this.isOpen, {
      read: (offset, width) => {
        const asked = { op: 'config.read', device, offset: hex(offset), width } as const;
        return recorder.ask(asked, () => inner.config.read(offset, width), hex);
      },
      write: (offset, width, value) => {
        recorder.ask(
          { op: 'config.write', device, offset: hex(offset), width, value: hex(value) },
          () => {
            inner.config.write(offset, width, value);
          },
          none,
        );
      },
    });
  }

  get address(): PciAddress {
    return this.inner.address;
  }

  get interruptLine(): number | undefined {
    return this.inner.interruptLine;
  }

  setEnabled(enabled: boolean): void {
    this.recorder.ask(
      { op: 'enable', device: this.device, on: enabled },
      () => {
        this.inner.setEnabled(enabled);
      },
      none,
    );
  }
}
