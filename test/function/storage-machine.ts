/** A machine for tests whose functions are storage: configuration images without hardware, regions of plain memory. */
import {
  ConfigAccessError,
  ConfigImage,
  FunctionNotFoundError,
  RegionAccessError,
  ResetError,
  checkRegionAccess,
  type Binding,
  type ConfigSpace,
  type ConfigWidth,
  type FunctionSummary,
  type HostDrivers,
  type ImageRegister,
  type Machine,
  type MachineCapabilities,
  type PciFunction,
  type Region,
  type RegionInfo,
  type ResetMethod,
} from '../../src/function/index.js';
import { barMask, barTypeBits, encodeBar, type BarShape, type PciAddress } from '../../src/pci/index.js';

/** What a test says of a function. */
export interface StorageShape {
  readonly address: PciAddress;
  readonly vendor: number;
  readonly device: number;
  readonly classCode: number;
  readonly regions: readonly RegionInfo[];
  /** Capabilities and device-specific registers. */
  readonly registers?: readonly ImageRegister[];
  readonly firstCapability?: number;
  readonly size?: 256 | 4096;
  readonly headerType?: number;
  readonly resetMethods?: readonly ResetMethod[];
  readonly interruptLine?: number;
  /** Values of header registers after a reset, where they differ from 0 or from what the rest says. */
  readonly initial?: Readonly<Record<string, number>>;
}

/** One write that reached the function itself. */
export interface HardwareWrite {
  readonly offset: number;
  readonly width: ConfigWidth;
  readonly value: number;
}

function barShapeOf(region: RegionInfo): BarShape {
  if (region.kind === 'io') return { kind: 'io', width: 32 };
  const { prefetchable, wide } = region;
  return { kind: 'memory', width: wide ? 64 : 32, prefetchable, belowOneMegabyte: false };
}

function headerRegisters(shape: StorageShape): ImageRegister[] {
  const fixed = (name: string, offset: number, width: ConfigWidth, initial: number): ImageRegister => ({
    name,
    offset,
    width,
    initial: shape.initial?.[name] ?? initial,
  });
  const registers: ImageRegister[] = [
    fixed('header.vendor', 0, 2, shape.vendor),
    fixed('header.device', 2, 2, shape.device),
    { ...fixed('header.command', 4, 2, 0), writable: 0x07ff },
    { ...fixed('header.status', 6, 2, shape.firstCapability === undefined ? 0 : 0x10), clearable: 0xf900 },
    fixed('header.class', 8, 4, (shape.classCode << 8) | 1),
    { ...fixed('header.cache_line', 0x0c, 1, 0), writable: 0xff },
    { ...fixed('header.latency', 0x0d, 1, 0), writable: 0xff },
    fixed('header.type', 0x0e, 1, shape.headerType ?? 0),
    { ...fixed('header.bist', 0x0f, 1, 0x80), writable: 0x40 },
    fixed('header.subsystem', 0x2c, 4, 0x1100_1af4),
    fixed('header.capabilities', 0x34, 1, shape.firstCapability ?? 0),
    { ...fixed('header.interrupt_line', 0x3c, 1, shape.interruptLine ?? 0), writable: 0xff },
    fixed('header.interrupt_pin', 0x3d, 1, 1),
  ];
  for (const region of shape.regions) {
    const bar = barShapeOf(region);
    const mask = barMask(bar, BigInt(region.size));
    const initial = encodeBar(bar, region.address);
    const offset = region.index === 6 ? 0x30 : 0x10 + region.index * 4;
    registers.push({
      ...fixed(`bar${region.index}`, offset, 4, initial.low | barTypeBits(bar)),
      writable: mask.low,
    });
    if (region.wide) {
      registers.push({
        ...fixed(`bar${region.index}.upper`, offset + 4, 4, initial.high),
        writable: mask.high,
      });
    }
  }
  return registers;
}

class MemoryRegion implements Region {
  readonly info: RegionInfo;
  #view: DataView | undefined;

  constructor(info: RegionInfo, bytes: Uint8Array) {
    this.info = info;
    this.#view = new DataView(bytes.buffer);
  }

  #at(offset: number, width: 1 | 2 | 4 | 8): DataView {
    if (this.#view === undefined)
      throw new RegionAccessError('REGION_CLOSED', `region ${this.info.index}`, 'was closed');
    checkRegionAccess(`region ${this.info.index}`, this.info.size, offset, width);
    return this.#view;
  }

  read8 = (offset: number) => this.#at(offset, 1).getUint8(offset);
  read16 = (offset: number) => this.#at(offset, 2).getUint16(offset, true);
  read32 = (offset: number) => this.#at(offset, 4).getUint32(offset, true);
  read64 = (offset: number) => this.#at(offset, 8).getBigUint64(offset, true);
  write8 = (offset: number, value: number) => {
    this.#at(offset, 1).setUint8(offset, value);
  };
  write16 = (offset: number, value: number) => {
    this.#at(offset, 2).setUint16(offset, value, true);
  };
  write32 = (offset: number, value: number) => {
    this.#at(offset, 4).setUint32(offset, value, true);
  };
  write64 = (offset: number, value: bigint) => {
    this.#at(offset, 8).setBigUint64(offset, value, true);
  };
  close = () => {
    this.#view = undefined;
  };
  [Symbol.dispose] = () => {
    this.close();
  };
}

/** The device itself: it keeps its state however often it is opened. */
export class StorageDevice {
  readonly shape: StorageShape;
  image: ConfigImage;
  readonly memory = new Map<number, Uint8Array>();
  readonly writes: HardwareWrite[] = [];
  /** The device stopped answering: all ones. */
  gone = false;
  resets = 0;

  constructor(shape: StorageShape) {
    this.shape = shape;
    this.image = this.#fresh();
    for (const region of shape.regions) this.memory.set(region.index, new Uint8Array(region.size));
  }

  #fresh(): ConfigImage {
    const { shape } = this;
    return new ConfigImage({
      size: shape.size ?? 256,
      registers: [...headerRegisters(shape), ...(shape.registers ?? [])],
    });
  }

  reset(): void {
    this.resets++;
    this.image = this.#fresh();
  }
}

class StorageFunction implements PciFunction {
  readonly address: PciAddress;
  readonly regions: readonly RegionInfo[];
  readonly resetMethods: readonly ResetMethod[];
  readonly interruptLine: number | undefined;
  readonly config: ConfigSpace;
  readonly #device: StorageDevice;
  readonly #opened = new Set<Region>();
  #open = true;

  constructor(device: StorageDevice) {
    const { shape } = device;
    this.#device = device;
    this.address = shape.address;
    this.regions = shape.regions;
    this.resetMethods = shape.resetMethods ?? ['flr'];
    this.interruptLine = shape.interruptLine;
    const check = (operation: 'read' | 'write', offset: number, width: number) => {
      if (!this.#open)
        throw new ConfigAccessError('refused', { operation, offset, width }, 'the function was closed');
    };
    this.config = {
      size: device.image.size,
      read: (offset, width) => {
        check('read', offset, width);
        const value = device.image.read(offset, width);
        return device.gone ? 0xffff_ffff >>> (32 - width * 8) : value;
      },
      write: (offset, width, value) => {
        check('write', offset, width);
        device.image.write(offset, width, value);
        device.writes.push({ offset, width, value: value >>> 0 });
      },
    };
  }

  openRegion(index: number): Region {
    const info = this.regions.find((region) => region.index === index);
    const bytes = this.#device.memory.get(index);
    if (info === undefined || bytes === undefined) {
      throw new RegionAccessError('REGION_ABSENT', `region ${index}`, 'there is no such region');
    }
    const region = new MemoryRegion(info, bytes);
    this.#opened.add(region);
    return region;
  }

  setEnabled(enabled: boolean): void {
    const command = this.config.read(4, 2);
    this.config.write(4, 2, enabled ? command | 3 : command & ~3);
  }

  reset(): Promise<ResetMethod> {
    const [method] = this.resetMethods;
    if (method === undefined)
      return Promise.reject(new ResetError('RESET_UNAVAILABLE', this.address, 'no method'));
    if (this.#device.gone) return Promise.reject(new ResetError('RESET_FAILED', this.address, 'all ones'));
    const bars = [0, 1, 2, 3, 4, 5].map((index) => this.config.read(0x10 + index * 4, 4));
    this.#device.reset();
    for (const [index, bar] of bars.entries()) this.config.write(0x10 + index * 4, 4, bar);
    return Promise.resolve(method);
  }

  close(): void {
    this.#open = false;
    for (const region of this.#opened) region.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Host drivers that only remember; `failing` names steps that shall be refused. */
export class StorageDrivers implements HostDrivers {
  readonly bindings = new Map<number, { driver: string | undefined; override: string | undefined }>();
  readonly loaded = new Set(['pciback', 'nvme', 'edu']);
  readonly log: string[] = [];
  failing: (step: string) => Error | undefined = () => undefined;

  binding(address: PciAddress): Binding {
    return this.bindings.get(address.sbdf) ?? { driver: undefined, override: undefined };
  }

  has(driver: string): boolean {
    return this.loaded.has(driver);
  }

  #change(address: PciAddress, step: string, change: Partial<Binding>): Promise<void> {
    const error = this.failing(step);
    if (error !== undefined) return Promise.reject(error);
    this.log.push(step);
    this.bindings.set(address.sbdf, { ...this.binding(address), ...change });
    return Promise.resolve();
  }

  unbind(address: PciAddress): Promise<void> {
    if (this.binding(address).driver === undefined) return Promise.resolve();
    return this.#change(address, 'unbind', { driver: undefined });
  }

  bind(address: PciAddress, driver: string): Promise<void> {
    return this.#change(address, `bind ${driver}`, { driver });
  }

  setOverride(address: PciAddress, driver: string | undefined): Promise<void> {
    return this.#change(address, `override ${driver ?? 'none'}`, { override: driver });
  }
}

export class StorageMachine implements Machine {
  readonly name = 'storage';
  readonly capabilities: MachineCapabilities = {
    configWrite: true,
    memoryRegions: true,
    ioRegions: true,
    interrupts: false,
    dma: false,
    reset: true,
    machineFrames: false,
  };
  readonly drivers = new StorageDrivers();
  readonly devices = new Map<number, StorageDevice>();

  constructor(...shapes: readonly StorageShape[]) {
    for (const shape of shapes) this.devices.set(shape.address.sbdf, new StorageDevice(shape));
  }

  device(address: PciAddress): StorageDevice {
    const device = this.devices.get(address.sbdf);
    if (device === undefined) throw new FunctionNotFoundError(address, this.name);
    return device;
  }

  list(): readonly FunctionSummary[] {
    return [...this.devices.values()]
      .sort((a, b) => a.shape.address.sbdf - b.shape.address.sbdf)
      .map(({ shape }) => ({
        address: shape.address,
        vendor: shape.vendor,
        device: shape.device,
        subsystemVendor: 0x1af4,
        subsystemDevice: 0x1100,
        classCode: shape.classCode,
        revision: 1,
        headerType: shape.headerType ?? 0,
        driver: this.drivers.binding(shape.address).driver,
        iommuGroup: undefined,
        unreadable: [],
      }));
  }

  open(address: PciAddress): PciFunction {
    return new StorageFunction(this.device(address));
  }

  [Symbol.dispose](): void {
    // Storage needs no end.
  }
}
