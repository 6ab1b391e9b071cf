/** A function of a simulated device: configuration space, BARs and interrupts around the behaviour of its model. */
import type { ConfigImage, ConfigWidth, RegionInfo, ResetMethod } from '../../function/index.js';
import { PciAddress } from '../../pci/index.js';
import type { Decoded, Space } from './address-map.js';
import type { BusFunction, Routing, SimBus } from './bus.js';
import type { VirtualClock } from './clock.js';
import { allOnes } from './config-registers.js';
import type { DeviceKind, DeviceModel, FunctionShape, Timer } from './device-model.js';
import { EndpointRegisters, EXPRESS_ID, PM_ID, VPD_ID } from './endpoint-registers.js';
import { FaultSwitches, STORM_NANOSECONDS, type DeviceFault } from './faults.js';
import { FunctionBus } from './function-bus.js';
import type { SimHost } from './host.js';
import { Signals } from './signals.js';

const COMMAND = 0x04;
const COMMAND_IO = 0x001;
const COMMAND_MEMORY = 0x002;
const COMMAND_MASTER = 0x004;
const COMMAND_INTX_DISABLE = 0x400;
const STATUS_INTX = 0x0008;
const STATUS_MASTER_ABORT = 0x2000;
const FIRST_BAR = 0x10;
const BARS_END = 0x28;
const START_RESET = 0x8000;
const VPD_FLAG = 0x8000;
const D3HOT = 3;
const LOW_HALF = 0xffff_ffffn;
const HIGH = 0x1_0000_0000;
/** Addresses from here on are none of this machine's (52 bits), as a BAR shows while it is sized. */
const ADDRESS_END = 2 ** 52;

type ConfigWatcher = (offset: number, width: ConfigWidth, value: number) => void;
type DecodedBar = Pick<Decoded, 'region' | 'base' | 'end'>;

export class Endpoint implements BusFunction {
  readonly bus: SimBus;
  readonly devfn: number;
  readonly kind: DeviceKind;
  readonly shape: FunctionShape;
  readonly signals: Signals;
  readonly faults = new FaultSwitches();
  readonly #model: DeviceModel;
  readonly #functionBus: FunctionBus;
  readonly #registers: EndpointRegisters;
  readonly #routing: Routing;
  readonly #clock: VirtualClock;
  readonly #host: SimHost;
  readonly #configWatchers = new Set<ConfigWatcher>();
  #image: ConfigImage;
  #command = 0;
  /** Decode bits of Command that count: none while nothing answers. */
  #decodes = 0;
  #powerState = 0;
  #vpdData = 0;
  /** A reset began and did not end. */
  #hung = false;
  #storm: Timer | undefined;
  #address: PciAddress | undefined;
  #addressVersion = 0;
  /** The pin was driven under this address, and is let go under it. */
  #drivenAs: PciAddress | undefined;

  constructor(parts: {
    readonly bus: SimBus;
    readonly devfn: number;
    readonly kind: DeviceKind;
    readonly options: unknown;
    /** Number of the function inside its device. */
    readonly number: number;
    readonly shape: FunctionShape;
    readonly multifunction: boolean;
    readonly host: SimHost;
    readonly clock: VirtualClock;
    readonly routing: Routing;
  }) {
    const { bus, devfn, kind, shape, host, clock, routing } = parts;
    this.bus = bus;
    this.devfn = devfn;
    this.kind = kind;
    this.shape = shape;
    this.#host = host;
    this.#clock = clock;
    this.#routing = routing;
    this.signals = new Signals(
      shape,
      (level) => {
        this.#drivePin(level);
      },
      (address, data) => {
        this.#functionBus.send(address, data);
      },
    );
    this.#functionBus = new FunctionBus({
      clock,
      host,
      signals: this.signals,
      faults: this.faults,
      requester: this,
      onReadFault: () => {
        this.#image.hold('header.status', this.#image.held('header.status') | STATUS_MASTER_ABORT);
      },
    });
    this.#registers = new EndpointRegisters(
      shape,
      this.signals,
      {
        status: (held) => (this.signals.pin ? held | STATUS_INTX : held),
        vpdData: () => this.#vpdData,
        held: (name) => this.#image.held(name),
      },
      { multifunction: parts.multifunction, integrated: bus.parent === undefined },
    );
    this.#image = this.#registers.image();
    this.#model = kind.create(parts.options, parts.number, this.#functionBus);
  }

  get configSize(): number {
    return this.#registers.size;
  }

  /** As the bus numbers above are now: what its DMA and messages carry. */
  get address(): PciAddress {
    if (this.#address === undefined || this.#addressVersion !== this.#routing.version) {
      this.#address = PciAddress.fromDevfn(this.bus.domain, this.bus.number, this.devfn);
      this.#addressVersion = this.#routing.version;
    }
    return this.#address;
  }

  /** In its slot, not lost in a reset, and its bus is running. */
  get answers(): boolean {
    return !this.#hung && !this.faults.removed && this.bus.running;
  }

  get alive(): boolean {
    return this.answers && this.#powerState === 0;
  }

  get mayMaster(): boolean {
    return (this.#command & COMMAND_MASTER) !== 0 && this.bus.passesMasters;
  }

  /** Methods that work here, in the order in which an operating system tries them. */
  get resetMethods(): readonly ResetMethod[] {
    const methods: ResetMethod[] = [];
    if (this.shape.express?.flr === true) methods.push('flr');
    if (this.shape.powerManagement === true) methods.push('pm');
    if (this.bus.parent !== undefined && this.bus.functions.size === 1) methods.push('bus');
    return methods;
  }

  /** Offset of a capability, undefined where the function has none of that id. */
  capability(id: number): number | undefined {
    return this.#registers.offsets.get(id);
  }

  configRead(offset: number, width: ConfigWidth): number {
    return this.answers ? this.#image.read(offset, width) : allOnes(width);
  }

  configWrite(offset: number, width: ConfigWidth, value: number): void {
    if (!this.answers) return;
    this.#image.write(offset, width, value);
    for (const watcher of this.#configWatchers) watcher(offset, width, value >>> 0);
    if (offset < BARS_END && offset + width > FIRST_BAR) this.#routing.changed();
    this.#startVpd(offset, width);
    this.#changePower();
    this.#refresh();
    const express = this.#registers.offsets.get(EXPRESS_ID);
    if (express !== undefined && (this.#image.read(express + 8, 2) & START_RESET) !== 0) this.functionReset();
  }

  /** The BARs of a space that answer now. */
  decodedBars(space: Space): readonly DecodedBar[] {
    const enabled = (this.#command & (space === 'io' ? COMMAND_IO : COMMAND_MEMORY)) !== 0;
    if (!enabled || !this.alive) return [];
    const bars: DecodedBar[] = [];
    for (const { index, kind, size } of this.shape.regions) {
      if (kind !== space) continue;
      const base = this.#barAddress(index);
      // A BAR without an address, or in the middle of being sized, answers nowhere.
      if (base !== 0 && base + size <= ADDRESS_END) bars.push({ region: index, base, end: base + size });
    }
    return bars;
  }

  /** The regions with the addresses that the BARs hold now. */
  regionInfos(): RegionInfo[] {
    return this.shape.regions.map(({ index, kind, size, prefetchable = false, wide = false }) => ({
      index,
      kind,
      size,
      address: BigInt(this.#barAddress(index)),
      prefetchable,
      wide,
    }));
  }

  regionRead(region: number, offset: number, width: 1 | 2 | 4): number {
    const { msix } = this.signals;
    const value =
      msix !== undefined && region === msix.region && msix.covers(offset)
        ? msix.read(offset, width)
        : this.#model.read(region, offset, width);
    return width === 4 ? value >>> 0 : value & (width === 2 ? 0xffff : 0xff);
  }

  regionWrite(region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    const cut = width === 4 ? value >>> 0 : value & (width === 2 ? 0xffff : 0xff);
    const { msix } = this.signals;
    if (msix !== undefined && region === msix.region && msix.covers(offset)) msix.write(offset, width, cut);
    else this.#model.write(region, offset, width, cut);
  }

  regionRead64(region: number, offset: number): bigint {
    if (this.#model.read64 !== undefined && !this.#inTable(region, offset)) {
      return BigInt.asUintN(64, this.#model.read64(region, offset));
    }
    const low = this.regionRead(region, offset, 4);
    return BigInt(low) | (BigInt(this.regionRead(region, offset + 4, 4)) << 32n);
  }

  regionWrite64(region: number, offset: number, value: bigint): void {
    if (this.#model.write64 !== undefined && !this.#inTable(region, offset)) {
      this.#model.write64(region, offset, BigInt.asUintN(64, value));
      return;
    }
    this.regionWrite(region, offset, 4, Number(value & LOW_HALF));
    this.regionWrite(region, offset + 4, 4, Number((value >> 32n) & LOW_HALF));
  }

  /** Everything as after power on. */
  reset(): void {
    this.#restart(this.#registers.image());
    if (this.faults.hangsInReset) this.#hang();
  }

  /** As {@link reset}, but the sticky bits survive. */
  functionReset(): void {
    this.#restart(this.#registers.image(this.#image));
    if (this.faults.hangsInReset) this.#hang();
  }

  /** Told of each write that reaches the registers. */
  watchConfig(onWrite: ConfigWatcher): Disposable {
    const entry: ConfigWatcher = (offset, width, value) => {
      onWrite(offset, width, value);
    };
    this.#configWatchers.add(entry);
    return {
      [Symbol.dispose]: () => {
        this.#configWatchers.delete(entry);
      },
    };
  }

  inject(fault: DeviceFault): void {
    this.faults.set(fault);
    if (fault.fault === 'removed') {
      this.#restart(this.#registers.image());
      this.#stopStorm();
    }
    if (fault.fault === 'interrupt_storm')
      this.#startStorm(fault.vector ?? 0, fault.every ?? STORM_NANOSECONDS);
  }

  /** @returns false when the fault was not on. */
  clear(name: string): boolean {
    if (!this.faults.delete(name)) return false;
    if (name === 'interrupt_storm') this.#stopStorm();
    if (name === 'hung_reset') this.#hung = false;
    if (name === 'removed') this.#restart(this.#registers.image());
    this.#refresh();
    return true;
  }

  #restart(image: ConfigImage): void {
    this.#functionBus.cancelTimers();
    this.signals.reset();
    this.#image = image;
    this.#powerState = 0;
    this.#vpdData = 0;
    this.#refresh();
    this.#model.reset();
  }

  #hang(): void {
    this.#hung = true;
    this.#refresh();
  }

  /** Takes over what the registers hold now. */
  #refresh(): void {
    this.#command = this.#image.read(COMMAND, 2);
    const decodes = this.alive ? this.#command & (COMMAND_IO | COMMAND_MEMORY) : 0;
    if (decodes !== this.#decodes) this.#routing.changed();
    this.#decodes = decodes;
    const connected = this.alive && (this.#command & COMMAND_INTX_DISABLE) === 0;
    this.signals.refresh(this.#image, this.#registers.offsets, connected);
  }

  #barAddress(index: number): number {
    const offset = FIRST_BAR + 4 * index;
    const low = this.#image.read(offset, 4);
    if ((low & 1) !== 0) return (low & ~3) >>> 0;
    const address = (low & ~15) >>> 0;
    return (low & 6) === 4 ? this.#image.read(offset + 4, 4) * HIGH + address : address;
  }

  #inTable(region: number, offset: number): boolean {
    const { msix } = this.signals;
    return msix !== undefined && region === msix.region && msix.covers(offset);
  }

  /** D1 and D2 are not supported: a write of them is ignored. Out of D3hot the function comes reset. */
  #changePower(): void {
    const capability = this.#registers.offsets.get(PM_ID);
    if (capability === undefined) return;
    const control = this.#image.read(capability + 4, 2);
    const state = control & 3;
    if (state === this.#powerState) return;
    if (state !== 0 && state !== D3HOT) {
      this.#image.hold('pm.pmcsr', (control & ~3) | this.#powerState);
      return;
    }
    this.#powerState = state;
    if (state === 0) this.functionReset();
    else this.#functionBus.cancelTimers();
  }

  /** A write of the address with a clear flag asks for a dword; it is there at once, and the flag tells so. */
  #startVpd(offset: number, width: ConfigWidth): void {
    const capability = this.#registers.offsets.get(VPD_ID);
    if (capability === undefined || offset + width <= capability + 2 || offset >= capability + 4) return;
    const address = this.#image.read(capability + 2, 2);
    if ((address & VPD_FLAG) !== 0) {
      // What was to be written is read-only here; the flag says that the device is done with it.
      this.#image.hold('vpd.address', address & ~VPD_FLAG);
      return;
    }
    const bytes = this.shape.vpd ?? [];
    this.#vpdData = 0;
    for (let byte = 0; byte < 4; byte++) {
      this.#vpdData |= (bytes[(address & ~3) + byte] ?? 0) << (byte * 8);
    }
    this.#image.hold('vpd.address', address | VPD_FLAG);
  }

  #drivePin(level: boolean): void {
    const pin = this.shape.pin;
    if (pin === undefined) return;
    const requester = level ? this.address : (this.#drivenAs ?? this.address);
    this.#drivenAs = requester;
    this.#host.setPin(requester, pin, level);
  }

  #startStorm(vector: number, every: number): void {
    this.#stopStorm();
    this.signals.setStuck(true);
    const again = () => {
      this.#storm = this.#clock.after(every, again);
      if (this.alive) this.signals.raise(vector);
    };
    again();
  }

  #stopStorm(): void {
    this.#storm?.cancel();
    this.#storm = undefined;
    this.signals.setStuck(false);
  }
}
