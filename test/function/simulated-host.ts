/** The simulated machine as a host for tests: its functions where a test wants them, watched, with drivers that can fail. */
import { ConfigImage } from '../../src/function/index.js';
import type {
  Binding,
  ConfigSpace,
  ConfigWidth,
  FunctionSummary,
  HostControl,
  HostDrivers,
  ImageRegister,
  Machine,
  MachineCapabilities,
  PciFunction,
  RegionInfo,
} from '../../src/function/index.js';
import { presentRegisters, type PciAddress } from '../../src/pci/index.js';
import {
  SimMachine,
  type DeviceKind,
  type DeviceModel,
  type FunctionShape,
  type ModelBus,
  type RootDescription,
  type SimDrivers,
  type SlotDescription,
} from '../../src/machines/sim/index.js';

/** A function at its place, with its addresses. */
export interface PlacedShape extends FunctionShape {
  readonly address: PciAddress;
  readonly regions: readonly RegionInfo[];
  /** The host driver that knows it. */
  readonly driver?: string;
  /** Command as this host's firmware has left it. */
  readonly command: number;
  /** As hardware shows a virtual function: without ids, addresses and decoding, which the host alone knows. */
  readonly isVirtual?: boolean;
}

/** A bridge with nothing behind it. */
export interface PlacedBridge {
  readonly address: PciAddress;
  readonly bridge: true;
}

/** One write that reached the function itself. */
export interface HardwareWrite {
  readonly offset: number;
  readonly width: ConfigWidth;
  readonly value: number;
}

/** Registers that keep what is written. */
class Storage implements DeviceModel {
  readonly #regions = new Map<number, DataView>();
  readonly bus: ModelBus;
  resets = 0;

  constructor(regions: readonly RegionInfo[], bus: ModelBus) {
    this.bus = bus;
    for (const { index, size } of regions) this.#regions.set(index, new DataView(new ArrayBuffer(size)));
  }

  read(region: number, offset: number, width: 1 | 2 | 4): number {
    const view = this.#regions.get(region);
    if (view === undefined) return 0;
    if (width === 4) return view.getUint32(offset, true);
    return width === 2 ? view.getUint16(offset, true) : view.getUint8(offset);
  }

  write(region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    const view = this.#regions.get(region);
    if (width === 4) view?.setUint32(offset, value, true);
    else if (width === 2) view?.setUint16(offset, value, true);
    else view?.setUint8(offset, value);
  }

  reset(): void {
    this.resets++;
  }
}

/** The kind of a shape; every shape is a device, or a function of one, with a kind of its own. */
function kindOf(name: string, functions: readonly PlacedShape[], made: Map<number, Storage>): DeviceKind {
  return {
    name,
    summary: 'storage, for tests',
    options: () => undefined,
    functions: () => functions.map((shape) => ({ function: shape.address.function, shape })),
    create: (_options, fn, bus) => {
      const shape = functions.find(({ address }) => address.function === fn);
      const storage = new Storage(shape?.regions ?? [], bus);
      if (shape !== undefined) made.set(shape.address.sbdf, storage);
      return storage;
    },
  };
}

/** Lines as QEMU's q35 has them: a function's first pin is on line 16 + its slot. */
const LINES = 8;

/** The line that a shape's pin is routed to on {@link SimulatedHost}. */
export function lineOf({ address, pin }: PlacedShape): number | undefined {
  return pin === undefined ? undefined : 16 + ((address.device + pin - 1) % LINES);
}

/** What a test sees of the hardware behind a function. */
export class SimulatedDevice {
  readonly #sim: SimMachine;
  readonly #address: PciAddress;
  readonly #storage: Storage;
  #gone = false;
  /** Every write that reached it, the machine's own among them. */
  readonly writes: HardwareWrite[] = [];

  constructor(sim: SimMachine, address: PciAddress, storage: Storage) {
    this.#sim = sim;
    this.#address = address;
    this.#storage = storage;
    sim.watchConfig(address, (write) => this.writes.push(write));
  }

  get resets(): number {
    return this.#storage.resets;
  }

  /** Its interrupts, and the memory that it masters, in the test's hands. */
  get bus(): ModelBus {
    return this.#storage.bus;
  }

  read(offset: number, width: ConfigWidth): number {
    using fn = this.#sim.open(this.#address);
    return fn.config.read(offset, width);
  }

  /** The value of a register, by its dotted name. */
  register(name: string): number {
    using fn = this.#sim.open(this.#address);
    const register = presentRegisters(fn.config).find((present) => present.name === name);
    if (register === undefined) throw new Error(`${this.#address} has no register ${name}`);
    return fn.config.read(register.offset, register.width);
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** It answers nothing more, or goes on. */
  set gone(gone: boolean) {
    this.#gone = gone;
    if (gone) this.#sim.inject(this.#address, { fault: 'unresponsive' });
    else this.#sim.clear(this.#address, 'unresponsive');
  }
}

/** The machine's drivers, with a log of the steps that changed something, and steps that can be refused. */
export class WatchedDrivers implements HostDrivers {
  readonly #drivers: SimDrivers;
  readonly #shapes: readonly PlacedShape[];
  readonly log: string[] = [];
  failing: (step: string) => Error | undefined = () => undefined;

  constructor(drivers: SimDrivers, shapes: readonly PlacedShape[]) {
    this.#drivers = drivers;
    this.#shapes = shapes;
    for (const { address } of shapes) this.start(address, undefined);
  }

  /** What is bound without a step of its own, as before the test began. */
  start(address: PciAddress, driver: string | undefined): void {
    this.#drivers.add(address, driver, this.#shapes.find((shape) => shape.address.equals(address))?.driver);
  }

  binding(address: PciAddress): Binding {
    return this.#drivers.binding(address);
  }

  has(driver: string): boolean {
    return this.#drivers.has(driver);
  }

  async unbind(address: PciAddress): Promise<void> {
    if (this.binding(address).driver !== undefined) this.#step('unbind');
    await this.#drivers.unbind(address);
  }

  async bind(address: PciAddress, driver: string): Promise<void> {
    this.#step(`bind ${driver}`);
    await this.#drivers.bind(address, driver);
  }

  async setOverride(address: PciAddress, driver: string | undefined): Promise<void> {
    this.#step(`override ${driver ?? 'none'}`);
    await this.#drivers.setOverride(address, driver);
  }

  #step(step: string): void {
    const error = this.failing(step);
    if (error !== undefined) throw error;
    this.log.push(step);
  }
}

/** What a virtual function has not: its ids read as all ones, its BARs and decoding as 0 (PCI Express Base 6.0, 9.3.4.1). */
function hiding(base: ConfigSpace): ConfigSpace {
  const bars = [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24].map((offset) => ({ name: 'bar', offset, value: 0 }));
  const ids = { name: 'ids', offset: 0, value: 0xffff_ffff };
  return new ConfigImage({
    size: base.size,
    base,
    registers: [
      ...[ids, ...bars].map(({ value, ...at }): ImageRegister => ({
        ...at,
        width: 4,
        virtual: 0xffff_ffff,
        read: () => value,
      })),
      { name: 'command', offset: 4, width: 2, virtual: 0x0003, writable: 0x07fc },
    ],
  });
}

function asVirtual(fn: PciFunction, { vendor, device }: PlacedShape): PciFunction {
  const shown = new Map<PropertyKey, unknown>([
    ['config', hiding(fn.config)],
    ['virtual', { vendor, device }],
  ]);
  return new Proxy(fn, {
    get: (target, name) => {
      if (shown.has(name)) return shown.get(name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function slotOf({ device }: PciAddress): string {
  return device.toString(16).padStart(2, '0');
}

export class SimulatedHost implements Machine {
  readonly name = 'sim';
  readonly capabilities: MachineCapabilities;
  readonly sim: SimMachine;
  readonly drivers: WatchedDrivers;
  readonly devices = new Map<number, SimulatedDevice>();
  readonly #shapes: readonly PlacedShape[];
  /** What happens, on this host, whenever somebody resets a function: somebody presses its slot's button. */
  onReset: ((address: PciAddress) => void) | undefined;

  /** Nothing is bound at the start. Shapes of one slot are functions of one device. */
  constructor(...placed: readonly (PlacedShape | PlacedBridge)[]) {
    const shapes = placed.filter((one): one is PlacedShape => !('bridge' in one));
    this.#shapes = shapes;
    const slots: SlotDescription[] = [];
    const kinds: DeviceKind[] = [];
    const made = new Map<number, Storage>();
    for (const first of shapes) {
      const device = shapes.filter(({ address }) => address.sbdf >>> 3 === first.address.sbdf >>> 3);
      if (device[0] !== first) continue;
      const name = `device ${first.address.device}`;
      kinds.push(kindOf(name, device, made));
      const said = (shape: PlacedShape | undefined) => ({
        regions: Object.fromEntries(
          (shape?.regions ?? []).map(({ index, address }) => [index, { address: Number(address) }]),
        ),
      });
      const [zero, ...others] = [...device].sort((a, b) => a.address.function - b.address.function);
      slots.push({
        slot: slotOf(first.address),
        model: name,
        ...said(zero),
        functions: Object.fromEntries(others.map((shape) => [shape.address.function, said(shape)])),
      });
    }
    for (const one of placed)
      if ('bridge' in one) slots.push({ slot: slotOf(one.address), bridge: {}, bus: [] });
    const roots: RootDescription[] = [{ slots }];
    const drivers = shapes.flatMap(({ driver }) => driver ?? []);
    this.sim = new SimMachine({ lines: LINES, drivers, roots }, { kinds });
    this.capabilities = this.sim.capabilities;
    this.drivers = new WatchedDrivers(this.sim.drivers, shapes);
    for (const { address, command } of shapes) {
      using fn = this.sim.open(address);
      fn.config.write(4, 2, command);
      const storage = made.get(address.sbdf);
      if (storage !== undefined)
        this.devices.set(address.sbdf, new SimulatedDevice(this.sim, address, storage));
    }
  }

  get host(): HostControl {
    return this.sim.host;
  }

  device(address: PciAddress): SimulatedDevice {
    const device = this.devices.get(address.sbdf);
    if (device === undefined) throw new Error(`the test has no function at ${address}`);
    return device;
  }

  list(): readonly FunctionSummary[] {
    return this.sim.list();
  }

  open(address: PciAddress): PciFunction {
    const fn = this.sim.open(address);
    const reset = fn.reset.bind(fn);
    fn.reset = () => {
      this.onReset?.(address);
      return reset();
    };
    const shape = this.#shapes.find((one) => one.address.equals(address));
    return shape?.isVirtual === true ? asVirtual(fn, shape) : fn;
  }

  [Symbol.dispose](): void {
    this.sim[Symbol.dispose]();
  }
}
