/** Makes buses, bridges and devices of a machine description, before firmware has given them numbers and addresses. */
import { Bridge } from '../bus/bridge.js';
import type { SimBus } from '../bus/bus.js';
import type { VirtualClock } from '../clock.js';
import type { DeviceKind } from '../device-model.js';
import { Endpoint } from '../device/endpoint.js';
import { MachineDescriptionError } from '../errors.js';
import { faultName, type DeviceFault } from '../device/faults.js';
import type { Planned, PlannedBridge, PlannedFunction, PlannedRoot } from '../firmware/plan.js';
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
import type { DescriptionPath } from './path.js';
import { refusal } from './schema.js';

export interface BuildParts {
  readonly description: MachineDescription;
  readonly kinds: ReadonlyMap<string, DeviceKind>;
  readonly root: RootComplex;
  readonly host: SimHost;
  readonly clock: VirtualClock;
}

/** @throws {MachineDescriptionError} a slot twice, a kind that nobody knows, options that a kind refuses. */
export function buildMachine(parts: BuildParts): PlannedRoot[] {
  return new Builder(parts).roots();
}

class Builder {
  readonly #parts: BuildParts;

  constructor(parts: BuildParts) {
    this.#parts = parts;
  }

  roots(): PlannedRoot[] {
    return this.#parts.description.roots.map(({ domain = 0, bus: given, slots }, index) => {
      const path = ['roots', index];
      const bus = this.#parts.root.addRoot(domain);
      return { path, bus, given, children: this.#slots(slots, bus, [...path, 'slots']) };
    });
  }

  #slots(slots: readonly SlotDescription[], bus: SimBus, path: DescriptionPath): Planned[] {
    const taken = new Map<number, string>();
    const planned = slots.flatMap((slot, index) => this.#slot(slot, bus, [...path, index], taken, slots));
    for (const [index, { slot }] of slots.entries()) {
      const devfn = devfnOf(slot);
      if (bus.functions.has(devfn & ~7)) continue;
      throw this.#refuse(
        [...path, index, 'slot'],
        `device ${slot} has no function 0, so nothing would ever look for its others`,
      );
    }
    return planned;
  }

  #slot(
    slot: SlotDescription,
    bus: SimBus,
    path: DescriptionPath,
    taken: Map<number, string>,
    neighbours: readonly SlotDescription[],
  ): Planned[] {
    const devfn = devfnOf(slot.slot);
    const take = (number: number) => {
      const other = taken.get(number);
      if (other !== undefined) {
        throw this.#refuse([...path, 'slot'], `${slotText(number)} is taken already, by ${other}`);
      }
      taken.set(number, isBridge(slot) ? 'a bridge' : slot.model);
    };
    if (isBridge(slot)) {
      take(devfn);
      return [this.#bridge(slot, bus, devfn, path)];
    }
    return this.#device(slot, bus, devfn, path, take, neighbours);
  }

  #bridge(
    { bridge: given, bus: slots }: BridgeDescription,
    bus: SimBus,
    devfn: number,
    path: DescriptionPath,
  ): PlannedBridge {
    const bridge = new Bridge(bus, devfn, this.#parts.root.routing);
    bus.functions.set(devfn, bridge);
    const children = this.#slots(slots, bridge.behind, [...path, 'bus']);
    return { kind: 'bridge', path, bridge, given, children };
  }

  #device(
    device: DeviceDescription,
    bus: SimBus,
    devfn: number,
    path: DescriptionPath,
    take: (devfn: number) => void,
    neighbours: readonly SlotDescription[],
  ): PlannedFunction[] {
    const kind = this.#parts.kinds.get(device.model);
    if (kind === undefined) {
      const known = [...this.#parts.kinds.keys()].sort().join(', ');
      throw this.#refuse([...path, 'model'], `no device kind is named ${device.model}`, `known are ${known}`);
    }
    const options = this.#options(kind, device, path);
    const functions = kind.functions(options);
    for (const number of Object.keys(device.functions ?? {})) {
      if (functions.some((fn) => fn.function === Number(number))) continue;
      throw this.#refuse([...path, 'functions', number], `${kind.name} has no function ${number}`);
    }
    const sharesSlot = neighbours.filter(({ slot }) => devfnOf(slot) >> 3 === devfn >> 3).length > 1;
    const planned: PlannedFunction[] = [];
    for (const { function: number, shape } of functions) {
      const place = devfn + number;
      if (place >> 3 !== devfn >> 3) {
        throw this.#refuse(
          [...path, 'slot'],
          `function ${number} of ${kind.name} has no place behind ${device.slot}`,
        );
      }
      take(place);
      const endpoint = new Endpoint({
        bus,
        devfn: place,
        kind,
        options,
        number,
        shape,
        multifunction: functions.length > 1 || sharesSlot,
        host: this.#parts.host,
        clock: this.#parts.clock,
        routing: this.#parts.root.routing,
      });
      bus.functions.set(place, endpoint);
      const own: FunctionDescription = number === 0 ? device : (device.functions?.[number] ?? {});
      const ownPath = number === 0 ? path : [...path, 'functions', String(number)];
      planned.push(this.#function(endpoint, own, ownPath));
    }
    return planned;
  }

  #function(endpoint: Endpoint, own: FunctionDescription, path: DescriptionPath): PlannedFunction {
    const { regions = {}, faults = [], driver } = own;
    for (const index of Object.keys(regions)) {
      if (endpoint.shape.regions.some((region) => region.index === Number(index))) continue;
      throw this.#refuse([...path, 'regions', index], `${endpoint.kind.name} has no region ${index}`);
    }
    for (const [index, fault] of faults.entries())
      this.#checkFault(endpoint, fault, [...path, 'faults', index]);
    return { kind: 'function', path, endpoint, given: regions, driver, faults };
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
