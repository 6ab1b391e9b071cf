/** A function of a simulated device: configuration space, BARs and interrupts around the behaviour of its model. */
import {
  allOnes,
  type ConfigImage,
  type ConfigWidth,
  type RegionInfo,
  type ResetMethod,
} from '../../../function/index.js';
import { CapabilityId, CommandBit, Header, PciAddress } from '../../../pci/index.js';
import type { BusFunction, Routing, SimBus } from '../bus/bus.js';
import type { VirtualClock } from '../clock.js';
import type { DeviceKind, DeviceModel, FunctionShape } from '../device-model.js';
import type { SimHost } from '../host/sim-host.js';
import { Listeners } from '../listeners.js';
import { placedBars, regionInfos, type PlacedBar } from './bars.js';
import { checkShape } from './check-shape.js';
import { EndpointRegisters } from './endpoint-registers.js';
import { ErrorReporting } from './error-reporting.js';
import { FaultSwitches, type DeviceFault } from './faults.js';
import { FunctionBus } from './function-bus.js';
import { FunctionRegions } from './function-regions.js';
import { InterruptStorm } from './interrupt-storm.js';
import { Signals } from './signals.js';
import { VpdWindow } from './vpd-window.js';

const STATUS = 'header.status';
const STATUS_INTX = 0x0008;
const STATUS_MASTER_ABORT = 0x2000;
const START_RESET = 0x8000;
const D3HOT = 3;

/** A write that reached the registers of configuration space. */
export interface ConfigWrite {
  readonly offset: number;
  readonly width: ConfigWidth;
  readonly value: number;
}

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
  readonly regions: FunctionRegions;
  readonly #model: DeviceModel;
  readonly #functionBus: FunctionBus;
  readonly #registers: EndpointRegisters;
  readonly #vpd: VpdWindow | undefined;
  readonly #faults = new FaultSwitches();
  readonly #storm: InterruptStorm;
  readonly #routing: Routing;
  readonly #host: SimHost;
  readonly #configWrites = new Listeners<ConfigWrite>();
  readonly #errors: ErrorReporting;
  #image: ConfigImage;
  #command = 0;
  /** Decode bits of Command that count: none while nothing answers. */
  #decodes = 0;
  #powerState = 0;
  /** A reset began and did not end. */
  #hung = false;
  /** After a fatal error: only configuration space answers. */
  #frozen = false;
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
    this.#errors = new ErrorReporting(
      () => this.#image,
      (severity) => {
        this.#host.reportError(this.address, severity);
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
    this.regions = new FunctionRegions(this.#model, this.signals.msix);
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
    return this.answers && this.#powerState === 0 && !this.#frozen;
  }

  get mayMaster(): boolean {
    return (this.#command & CommandBit.busMaster) !== 0 && this.bus.passesMasters;
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
    if (this.#configWrites.any) this.#configWrites.tell({ offset, width, value: value >>> 0 });
    if (offset < Header.barsEnd && offset + width > Header.firstBar) this.#routing.changed();
    const vpd = this.capability(CapabilityId.vpd);
    if (vpd !== undefined) this.#vpd?.written(this.#image, vpd, offset, width);
    this.#changePower();
    this.#refresh();
    const express = this.capability(CapabilityId.pcie);
    if (express !== undefined && (this.#image.read(express + 8, 2) & START_RESET) !== 0) this.functionReset();
  }

  /** Told of each write that reaches the registers. */
  watchConfig(onWrite: (write: ConfigWrite) => void): Disposable {
    return this.#configWrites.add(onWrite);
  }

  /** The BARs of a space that answer now. */
  decodedBars(space: 'memory' | 'io'): readonly PlacedBar[] {
    const enabled = (this.#decodes & (space === 'io' ? CommandBit.io : CommandBit.memory)) !== 0;
    return enabled ? placedBars(this.shape.regions, this.#image, space) : [];
  }

  regionInfos(): RegionInfo[] {
    return regionInfos(this.shape.regions, this.#image);
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
    if (fault.fault === 'uncorrectable' || fault.fault === 'correctable') this.#fail(fault);
  }

  /** @returns false when the fault was not on. */
  clear(name: string): boolean {
    if (!this.#faults.delete(name)) return false;
    if (name === 'hung_reset' || name === 'removed') this.#hung = false;
    if (name === 'uncorrectable') this.#frozen = false;
    this.#refresh();
    this.#updateStorm();
    return true;
  }

  /** What is out, or hangs, meets no error and tells of none. */
  #fail(fault: DeviceFault & { readonly fault: 'uncorrectable' | 'correctable' }): void {
    if (!this.answers) return;
    if (fault.fault === 'correctable') {
      this.#errors.correctable(fault.error);
      return;
    }
    this.#errors.uncorrectable(fault.error, fault.header, () => {
      this.#frozen = true;
      this.#refresh();
    });
  }

  #restart(image: ConfigImage): void {
    this.#frozen = false;
    this.#faults.delete('uncorrectable');
    this.#faults.delete('correctable');
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
    this.#command = this.#image.read(Header.command, 2);
    const decodes = this.alive ? this.#command & (CommandBit.io | CommandBit.memory) : 0;
    if (decodes !== this.#decodes) this.#routing.changed();
    this.#decodes = decodes;
    const connected = this.alive && (this.#command & CommandBit.intxDisable) === 0;
    this.signals.refresh(this.#image, this.#registers.offsets, connected);
  }

  /** D1 and D2 are not supported: a write of them is ignored. Out of D3hot the function comes reset. */
  #changePower(): void {
    const capability = this.capability(CapabilityId.pm);
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
