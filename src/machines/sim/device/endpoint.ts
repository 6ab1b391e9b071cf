/** A function of a simulated device: configuration space, BARs and interrupts around the behaviour of its model. */
import type { ConfigImage, ConfigWidth, RegionInfo, ResetMethod } from '../../../function/index.js';
import { PciAddress } from '../../../pci/index.js';
import type { BusFunction, Routing, SimBus } from '../bus/bus.js';
import type { VirtualClock } from '../clock.js';
import type { DeviceKind, DeviceModel, FunctionShape } from '../device-model.js';
import type { SimHost } from '../host/sim-host.js';
import { BARS_END, FIRST_BAR, placedBars, regionInfos, type PlacedBar } from './bars.js';
import { checkShape } from './check-shape.js';
import { allOnes } from './config-registers.js';
import { EndpointRegisters, EXPRESS_ID, PM_ID } from './endpoint-registers.js';
import { FaultSwitches, type DeviceFault } from './faults.js';
import { FunctionBus } from './function-bus.js';
import { InterruptStorm } from './interrupt-storm.js';
import { Signals } from './signals.js';
import { VPD_ID, VpdWindow } from './vpd-window.js';

const COMMAND = 0x04;
const COMMAND_IO = 0x001;
const COMMAND_MEMORY = 0x002;
const COMMAND_MASTER = 0x004;
const COMMAND_INTX_DISABLE = 0x400;
const STATUS = 'header.status';
const STATUS_INTX = 0x0008;
const STATUS_MASTER_ABORT = 0x2000;
const START_RESET = 0x8000;
const D3HOT = 3;
const LOW_HALF = 0xffff_ffffn;

type ConfigWatcher = (offset: number, width: ConfigWidth, value: number) => void;

export interface EndpointParts {
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
}

export class Endpoint implements BusFunction {
  readonly bus: SimBus;
  readonly devfn: number;
  readonly kind: DeviceKind;
  readonly shape: FunctionShape;
  readonly signals: Signals;
  readonly #model: DeviceModel;
  readonly #functionBus: FunctionBus;
  readonly #registers: EndpointRegisters;
  readonly #vpd: VpdWindow | undefined;
  readonly #faults = new FaultSwitches();
  readonly #storm: InterruptStorm;
  readonly #routing: Routing;
  readonly #host: SimHost;
  readonly #configWatchers = new Set<ConfigWatcher>();
  #image: ConfigImage;
  #command = 0;
  /** Decode bits of Command that count: none while nothing answers. */
  #decodes = 0;
  #powerState = 0;
  /** A reset began and did not end. */
  #hung = false;
  #address: PciAddress | undefined;
  #addressVersion = 0;
  /** The pin was raised under this address, and is lowered under it. */
  #raisedAs: PciAddress | undefined;

  /** @throws {RangeError} the kind's shape is of no function that can be. */
  constructor(parts: EndpointParts) {
    const { bus, kind, shape } = parts;
    checkShape(kind, shape);
    this.bus = bus;
    this.devfn = parts.devfn;
    this.kind = kind;
    this.shape = shape;
    this.#host = parts.host;
    this.#routing = parts.routing;
    this.signals = new Signals(
      shape,
      (level) => {
        this.#drivePin(level);
      },
      (address, data) => {
        this.#functionBus.send(address, data);
      },
    );
    this.#storm = new InterruptStorm(parts.clock, this.signals);
    this.#functionBus = new FunctionBus({
      clock: parts.clock,
      host: parts.host,
      signals: this.signals,
      faults: this.#faults,
      requester: this,
      onReadFault: () => {
        this.#image.hold(STATUS, this.#image.held(STATUS) | STATUS_MASTER_ABORT);
      },
    });
    this.#vpd = shape.vpd === undefined ? undefined : new VpdWindow(shape.vpd);
    this.#registers = new EndpointRegisters(shape, {
      signals: this.signals,
      vpd: this.#vpd,
      status: () => this.#image.held(STATUS) | (this.signals.pin ? STATUS_INTX : 0),
      multifunction: parts.multifunction,
      integrated: bus.parent === undefined,
    });
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

  /** In its slot, whether it answers or not. */
  get present(): boolean {
    return !this.#faults.removed;
  }

  get answers(): boolean {
    return this.present && !this.#hung && !this.#faults.unresponsive && this.bus.running;
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
    const vpd = this.capability(VPD_ID);
    if (vpd !== undefined) this.#vpd?.written(this.#image, vpd, offset, width);
    this.#changePower();
    this.#refresh();
    const express = this.capability(EXPRESS_ID);
    if (express !== undefined && (this.#image.read(express + 8, 2) & START_RESET) !== 0) this.functionReset();
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

  /** The BARs of a space that answer now. */
  decodedBars(space: 'memory' | 'io'): readonly PlacedBar[] {
    const enabled = (this.#decodes & (space === 'io' ? COMMAND_IO : COMMAND_MEMORY)) !== 0;
    return enabled ? placedBars(this.shape.regions, this.#image, space) : [];
  }

  regionInfos(): RegionInfo[] {
    return regionInfos(this.shape.regions, this.#image);
  }

  regionRead(region: number, offset: number, width: 1 | 2 | 4): number {
    const value = this.#isMsix(region, offset)
      ? (this.signals.msix?.read(offset, width) ?? 0)
      : this.#model.read(region, offset, width);
    return width === 4 ? value >>> 0 : value & (width === 2 ? 0xffff : 0xff);
  }

  regionWrite(region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    const cut = width === 4 ? value >>> 0 : value & (width === 2 ? 0xffff : 0xff);
    if (this.#isMsix(region, offset)) this.signals.msix?.write(offset, width, cut);
    else this.#model.write(region, offset, width, cut);
  }

  regionRead64(region: number, offset: number): bigint {
    if (this.#model.read64 !== undefined && !this.#isMsix(region, offset)) {
      return BigInt.asUintN(64, this.#model.read64(region, offset));
    }
    const low = this.regionRead(region, offset, 4);
    return BigInt(low) | (BigInt(this.regionRead(region, offset + 4, 4)) << 32n);
  }

  regionWrite64(region: number, offset: number, value: bigint): void {
    if (this.#model.write64 !== undefined && !this.#isMsix(region, offset)) {
      this.#model.write64(region, offset, BigInt.asUintN(64, value));
      return;
    }
    this.regionWrite(region, offset, 4, Number(value & LOW_HALF));
    this.regionWrite(region, offset + 4, 4, Number((value >> 32n) & LOW_HALF));
  }

  /** Everything as after power on. */
  reset(): void {
    this.#restart(this.#registers.image());
  }

  /** As {@link reset}, but the sticky bits survive. */
  functionReset(): void {
    this.#restart(this.#registers.image(this.#image));
  }

  inject(fault: DeviceFault): void {
    this.#faults.set(fault);
    if (fault.fault === 'removed') this.#restart(this.#registers.image());
    else this.#refresh();
    this.#updateStorm();
  }

  /** @returns false when the fault was not on. */
  clear(name: string): boolean {
    if (!this.#faults.delete(name)) return false;
    if (name === 'hung_reset' || name === 'removed') this.#hung = false;
    this.#refresh();
    this.#updateStorm();
    return true;
  }

  #restart(image: ConfigImage): void {
    this.#functionBus.cancelTimers();
    this.signals.reset();
    this.#vpd?.reset();
    this.#image = image;
    this.#powerState = 0;
    this.#hung = this.#faults.hangsInReset;
    this.#routing.changed();
    this.#refresh();
    this.#model.reset();
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

  #isMsix(region: number, offset: number): boolean {
    const { msix } = this.signals;
    return msix !== undefined && region === msix.region && msix.covers(offset);
  }

  /** D1 and D2 are not supported: a write of them is ignored. Out of D3hot the function comes reset. */
  #changePower(): void {
    const capability = this.capability(PM_ID);
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

  #updateStorm(): void {
    const storm = this.#faults.removed ? undefined : this.#faults.storm;
    if (storm === undefined) this.#storm.stop();
    else this.#storm.start(storm.vector, storm.every);
  }

  #drivePin(level: boolean): void {
    const { pin } = this.shape;
    if (pin === undefined) return;
    this.#raisedAs = level ? this.address : this.#raisedAs;
    this.#host.setPin(this.#raisedAs ?? this.address, pin, level);
  }
}
