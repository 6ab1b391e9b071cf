/** Makes buses, bridges and devices of a machine description, before firmware has given them numbers and addresses. */
import { Bridge } from '../bus/bridge.js';
import type { SimBus } from '../bus/bus.js';
import type { VirtualClock } from '../clock.js';
import { CORRECTABLE_ERRORS, UNCORRECTABLE_ERRORS } from '../../../pci/index.js';
import type { DeviceKind, FunctionShape } from '../device-model.js';
import { Endpoint } from '../device/endpoint.js';
import { MachineDescriptionError } from '../errors.js';
import { faultName, type DeviceFault } from '../device/faults.js';
import type { SimHost } from '../host/sim-host.js';
import type { RootComplex } from '../bus/root-complex.js';
import {
  isBridge,
  type BridgeDescription,
  type DeviceDescription,
  type FunctionDescription,
  type MachineDescription,
  type SlotDescription,
} from './description.js';
import { encodeVpd } from './encode-vpd.js';
import type { DescriptionPath } from './path.js';
import type { Built, BuiltBridge, BuiltFunction, BuiltRoot } from './planned.js';
import { refusal } from './schema.js';

export interface BuildParts {
  readonly description: MachineDescription;
  readonly kinds: ReadonlyMap<string, DeviceKind>;
  readonly root: RootComplex;
  readonly host: SimHost;
  readonly clock: VirtualClock;
}

/** Where a device or bridge is put. */
interface Place {
  readonly bus: SimBus;
  readonly devfn: number;
  readonly path: DescriptionPath;
  /** Others have functions in the same slot. */
  readonly shared: boolean;
  /** Functions of the bus that are taken, with what took them. */
  readonly taken: Map<number, string>;
}

/** @throws {MachineDescriptionError} a slot twice, a kind that nobody knows, options that a kind refuses. */
export function buildMachine(parts: BuildParts): BuiltRoot[] {
  return new Builder(parts).roots();
}

class Builder {
  readonly #parts: BuildParts;

  constructor(parts: BuildParts) {
    this.#parts = parts;
  }

  roots(): BuiltRoot[] {
    return this.#parts.description.roots.map(({ domain = 0, bus: given, numaNode, slots }, index) => {
      const path = ['roots', index];
      const bus = this.#parts.root.addRoot(domain);
      const setNumber = (number: number) => {
        bus.setRootNumber(number);
      };
      const children = this.#slots(slots, bus, [...path, 'slots']);
      return { path, domain, given, numaNode, setNumber, children };
    });
  }

  #slots(slots: readonly SlotDescription[], bus: SimBus, path: DescriptionPath): Built[] {
    const taken = new Map<number, string>();
    const devices = slots.map(({ slot }) => devfnOf(slot) >> 3);
    const planned = slots.flatMap((slot, index) => {
      const device = devfnOf(slot.slot) >> 3;
      const shared = devices.filter((other) => other === device).length > 1;
      return this.#slot(slot, { bus, devfn: devfnOf(slot.slot), path: [...path, index], shared, taken });
    });
    for (const [index, { slot }] of slots.entries()) {
      if (bus.functions.has(devfnOf(slot) & ~7)) continue;
      throw this.#refuse(
        [...path, index, 'slot'],
        `device ${slot} has no function 0, so nothing would ever look for its others`,
      );
    }
    return planned;
  }

  #slot(slot: SlotDescription, place: Place): Built[] {
    return isBridge(slot) ? [this.#bridge(slot, place)] : this.#device(slot, place);
  }

  #take({ taken, path }: Place, devfn: number, by: string): void {
    const other = taken.get(devfn);
    if (other !== undefined) {
      throw this.#refuse([...path, 'slot'], `${slotText(devfn)} is taken already, by ${other}`);
    }
    taken.set(devfn, by);
  }

  #bridge({ bridge: given, bus: slots }: BridgeDescription, place: Place): BuiltBridge {
    const { bus, devfn, path, shared } = place;
    this.#take(place, devfn, 'a bridge');
    const { root } = this.#parts;
    const aliases = given.aliases === true;
    const bridge = new Bridge({ bus, devfn, multifunction: shared, aliases, routing: root.routing });
    if (aliases) root.addAliasing();
    bus.functions.set(devfn, bridge);
    const children = this.#slots(slots, bridge.behind, [...path, 'bus']);
    return { kind: 'bridge', path, registers: bridge, given, children };
  }

  #device(device: DeviceDescription, place: Place): BuiltFunction[] {
    const { bus, devfn, path, shared } = place;
    const kind = this.#parts.kinds.get(device.model);
    if (kind === undefined) {
      const known = [...this.#parts.kinds.keys()].sort().join(', ');
      throw this.#refuse([...path, 'model'], `no device kind is named ${device.model}`, `known are ${known}`);
    }
    const options = this.#options(kind, device, path);
    const functions = kind.functions(options);
    this.#checkFunctions(kind, device, functions, path);
    return functions.map(({ function: number, shape: plain }) => {
      const own = devfn + number;
      const said = number === 0 ? device : (device.functions?.[number] ?? {});
      const at = number === 0 ? path : [...path, 'functions', String(number)];
      const shape = this.#shapeOf(kind, plain, said, at);
      if (own >> 3 !== devfn >> 3) {
        throw this.#refuse(
          [...path, 'slot'],
          `function ${number} of ${kind.name} has no place behind ${device.slot}`,
        );
      }
      this.#take(place, own, device.model);
      const endpoint = new Endpoint({
        bus,
        devfn: own,
        kind,
        options,
        number,
        shape,
        multifunction: functions.length > 1 || shared,
        host: this.#parts.host,
        clock: this.#parts.clock,
        routing: this.#parts.root.routing,
      });
      bus.functions.set(own, endpoint);
      return { ...this.#function(endpoint, said, at), physicalSlot: device.physicalSlot };
    });
  }

  /** What the kind makes, with the capabilities that the description adds. */
  #shapeOf(
    kind: DeviceKind,
    shape: FunctionShape,
    { aer, dsn, vpd }: FunctionDescription,
    path: DescriptionPath,
  ): FunctionShape {
    if (vpd !== undefined && shape.places !== undefined)
      throw this.#refuse(
        [...path, 'vpd'],
        `${kind.name} says where its capabilities stand, and has no other`,
      );
    let told = vpd === undefined ? shape : { ...shape, vpd: encodeVpd(vpd) };
    const { express } = told;
    for (const [key, value] of Object.entries({ aer: aer === true ? aer : undefined, dsn }))
      if (value !== undefined && express === undefined)
        throw this.#refuse([...path, key], `${kind.name} is no PCI Express device`);
    if (dsn !== undefined) told = { ...told, serial: BigInt(`0x${dsn.replaceAll('-', '')}`) };
    return aer === true && express !== undefined ? { ...told, express: { ...express, aer } } : told;
  }

  #checkFunctions(
    kind: DeviceKind,
    device: DeviceDescription,
    functions: ReturnType<DeviceKind['functions']>,
    path: DescriptionPath,
  ): void {
    for (const number of Object.keys(device.functions ?? {})) {
      const at = [...path, 'functions', number];
      if (number === '0') throw this.#refuse(at, 'what is said of function 0 stands at the device itself');
      if (functions.some((fn) => fn.function === Number(number))) continue;
      throw this.#refuse(at, `${kind.name} has no function ${number}`);
    }
  }

  #function(
    endpoint: Endpoint,
    own: FunctionDescription,
    path: DescriptionPath,
  ): Omit<BuiltFunction, 'physicalSlot'> {
    const { regions = {}, faults = [], driver, label, uses = [] } = own;
    for (const index of Object.keys(regions)) {
      if (endpoint.shape.regions.some((region) => region.index === Number(index))) continue;
      throw this.#refuse([...path, 'regions', index], `${endpoint.kind.name} has no region ${index}`);
    }
    for (const [index, fault] of faults.entries())
      this.#checkFault(endpoint, fault, [...path, 'faults', index]);
    return {
      kind: 'function',
      path,
      name: endpoint.kind.name,
      registers: endpoint,
      regions: endpoint.shape.regions,
      given: regions,
      driver,
      faults,
      label,
      uses,
    };
  }

  #checkFault({ kind, shape }: Endpoint, fault: DeviceFault, path: DescriptionPath): void {
    const why = faultRefusal(kind, shape, fault);
    if (why !== undefined) throw this.#refuse(path, why);
  }

  #options(kind: DeviceKind, { options = {} }: DeviceDescription, path: DescriptionPath): unknown {
    try {
      return kind.options(options);
    } catch (cause) {
      if (!(cause instanceof MachineDescriptionError)) throw cause;
      throw this.#refuse([...path, 'options'], `${cause.where}: ${cause.why}`, cause.next);
    }
  }

  #refuse(path: DescriptionPath, why: string, next = ''): MachineDescriptionError {
    return refusal(this.#parts.description, path, why, next);
  }
}

/** Why a function cannot have a fault; undefined when it can. */
export function faultRefusal(
  kind: DeviceKind,
  shape: Endpoint['shape'],
  fault: DeviceFault,
): string | undefined {
  if (fault.fault === 'model') {
    const own = Object.keys(kind.faults ?? {});
    if (own.includes(fault.name)) return undefined;
    const has = own.length === 0 ? 'it has none of its own' : `it has ${own.join(', ')}`;
    return `${kind.name} has no fault ${faultName(fault)}: ${has}`;
  }
  if (fault.fault === 'uncorrectable' || fault.fault === 'correctable') {
    if (shape.express?.aer !== true)
      return `it reports no errors: a description gives it that with aer: true`;
    const list = fault.fault === 'correctable' ? CORRECTABLE_ERRORS : UNCORRECTABLE_ERRORS;
    if (list.some(({ name }) => name === fault.error)) return undefined;
    const known = list.map(({ name }) => name).join(', ');
    return `there is no ${fault.fault} error ${fault.error}: there are ${known}`;
  }
  if (fault.fault !== 'interrupt_storm' || fault.vector === undefined) return undefined;
  // Whichever capability software switches on must have it.
  const { msi, msix } = shape;
  const vectors = Math.min(msi?.vectors ?? Infinity, msix?.vectors ?? Infinity);
  const has = msi === undefined && msix === undefined ? 0 : vectors;
  return fault.vector < has ? undefined : `${kind.name} has no vector ${fault.vector}: it has ${has}`;
}

function devfnOf(slot: string): number {
  const [device = '', fn = '0'] = slot.split('.');
  return Number.parseInt(device, 16) * 8 + Number(fn);
}

function slotText(devfn: number): string {
  return `${(devfn >> 3).toString(16).padStart(2, '0')}.${devfn & 7}`;
}
