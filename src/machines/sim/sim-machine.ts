/** The machine `sim`: a described tree of buses, bridges and devices, alive in this process. */
import {
  FunctionNotFoundError,
  InterruptSources,
  NO_HOST_FACTS,
  type ErrorReports,
  type FunctionSummary,
  type HostControl,
  type HostFacts,
  type HostUse,
  type IommuFault,
  type IommuFaultReports,
  type Machine,
  type MachineCapabilities,
  type PciFunction,
} from '../../function/index.js';
import { PciAddress } from '../../pci/index.js';
import { Bridge, BRIDGE_IDENTITY } from './bus/bridge.js';
import { VirtualClock, type ClockMode } from './clock.js';
import { DEFAULT_MACHINE } from './default-machine.js';
import { buildMachine, faultRefusal } from './description/build.js';
import type { MachineDescription } from './description/description.js';
import type { Built } from './description/planned.js';
import { checkDescription, refusal } from './description/schema.js';
import { parseMachine } from './description/source.js';
import { rememberFunction, startMachine } from './description/start.js';
import type { DeviceKind } from './device-model.js';
import { Endpoint, type ConfigWrite } from './device/endpoint.js';
import { MachineDescriptionError } from './errors.js';
import type { DeviceFault } from './device/faults.js';
import type { MemoryFile } from './host/memory-file.js';
import { SimHost } from './host/sim-host.js';
import { MEMORY_BASE, MEMORY_END } from './host/memory.js';
import { DEVICE_KINDS } from './models/index.js';
import { programIovas } from './program/program-dma.js';
import { SimInterrupts } from './program/sim-interrupts.js';
import { RootComplex } from './bus/root-complex.js';
import { platformKinds, type PlatformKind } from './platform/platform-kind.js';
import { SimPlatform } from './platform/sim-platform.js';
import { SimDrivers, type KeptBindings } from './sim-drivers.js';
import { SimFunction, type SharedFunction } from './program/sim-function.js';

const LINES = 4;

/** Of {@link SimMachine}, all optional. */
export interface SimOptions {
  /** Device kinds besides those that come with the machine; one of the same name replaces it. */
  readonly kinds?: readonly DeviceKind[];
  /** The same for kinds of platform devices. */
  readonly platformKinds?: readonly PlatformKind[];
  /** `wall` where absent. */
  readonly clock?: ClockMode;
  /** Makes the file that has the DMA memory of one open function; where absent the memory is this process's alone. */
  readonly memoryFile?: () => MemoryFile;
  /** As users name it; `sim` where absent. */
  readonly name?: string;
  /** Where its driver bindings outlive the process; where absent they begin as the description has them. */
  readonly bindings?: KeptBindings;
}

/**
 * `new SimMachine()` is the machine of the demo, `new SimMachine(parseMachine(text))` one's own.
 * @throws {MachineDescriptionError} a description of no machine that can be.
 */
export class SimMachine implements Machine {
  readonly name: string;
  readonly capabilities: MachineCapabilities;
  readonly drivers: SimDrivers;
  readonly platform: SimPlatform;
  readonly clock: VirtualClock;
  readonly faults: IommuFaultReports;
  readonly #host: SimHost;
  readonly #root = new RootComplex();
  readonly #shared = new Map<Endpoint | Bridge, SharedFunction>();
  readonly #restore = new Map<Endpoint, () => void>();
  readonly #facts = new Map<Endpoint | Bridge, HostFacts>();
  readonly #uses = new Map<Endpoint, DescribedUses>();
  readonly #open = new Set<SimFunction>();
  readonly #memoryFile: (() => MemoryFile) | undefined;

  /** @throws {MachineDescriptionError} the description is of no machine that can be. */
  constructor(description?: MachineDescription, options: SimOptions = {}) {
    const checked = checkDescription(description ?? parseMachine(DEFAULT_MACHINE));
    this.name = options.name ?? 'sim';
    this.clock = new VirtualClock(options.clock ?? 'wall');
    this.#memoryFile = options.memoryFile;
    this.#host = new SimHost({
      root: this.#root,
      clock: this.clock,
      memory: checked.memory ?? MEMORY_END - MEMORY_BASE,
      lines: checked.lines ?? LINES,
      iommu: checked.iommu ?? true,
    });
    this.faults = this.#host;
    this.capabilities = {
      configWrite: true,
      memoryRegions: true,
      ioRegions: true,
      interrupts: true,
      dma: true,
      reset: true,
      iommuGroups: this.#host.translates,
      machineFrames: false,
    };
    const kinds = new Map(DEVICE_KINDS);
    for (const kind of options.kinds ?? []) kinds.set(kind.name, kind);
    const roots = buildMachine({
      description: checked,
      kinds,
      root: this.#root,
      host: this.#host,
      clock: this.clock,
    });
    const lineOf = ({ address, shape }: Endpoint) =>
      shape.pin === undefined ? undefined : this.#host.lineOf(address, shape.pin);
    startMachine(roots, lineOf, (path, why, next) => refusal(checked, path, why, next));
    this.drivers = new SimDrivers(
      this.name,
      checked.drivers ?? [],
      (address) => this.#present(address),
      options.bindings,
    );
    for (const { children, numaNode } of roots) this.#start(children, numaNode);
    this.platform = new SimPlatform(this.name, { root: this.#root, host: this.#host, clock: this.clock });
    for (const [index, device] of (checked.platform ?? []).entries())
      this.platform.add(device, platformKinds(options.platformKinds), (why, next) =>
        refusal(checked, ['platform', index], why, next),
      );
  }

  get host(): HostControl {
    return this.#host;
  }

  get errors(): ErrorReports {
    return this.#host.errors;
  }

  /** DMA and messages that reached nothing: how many, and the last of them. */
  get iommuFaults(): { readonly count: number; readonly recent: readonly IommuFault[] } {
    const { faultCount, faults } = this.#host.iommu;
    return { count: faultCount, recent: faults };
  }

  list(): readonly FunctionSummary[] {
    const summaries: FunctionSummary[] = [];
    const groups = new Map<number | Bridge, number>();
    for (const { number, bus } of this.#root.buses()) {
      for (const [devfn, fn] of bus.functions) {
        const address = PciAddress.fromDevfn(bus.domain, number, devfn);
        if (isPresent(fn)) summaries.push(this.#summary(address, fn));
      }
    }
    summaries.sort((a, b) => a.address.sbdf - b.address.sbdf);
    if (!this.#host.translates) return summaries;
    return summaries.map((summary) => {
      const apart = this.#groupKey(summary.address);
      if (!groups.has(apart)) groups.set(apart, groups.size);
      return { ...summary, iommuGroup: groups.get(apart) };
    });
  }

  /** Functions of one device can reach each other behind the IOMMU's back; who has another's id it takes for that. */
  #groupKey(address: PciAddress): number | Bridge {
    return this.#root.aliasOf(address) ?? address.sbdf >>> 3;
  }

  /** As the description has them. */
  hostFacts(address: PciAddress): HostFacts {
    const fn = this.#root.find(address);
    return (fn === undefined ? undefined : this.#facts.get(fn)) ?? NO_HOST_FACTS;
  }

  /**
   * As the description has them, while the driver of the description is bound: who takes that away ends them. Of a bridge
   * all uses of what stands behind it.
   */
  hostUses(address: PciAddress): readonly HostUse[] {
    const fn = this.#root.find(address);
    return fn === undefined ? [] : this.#usesOf(fn);
  }

  /** Several may have a function open, each a view of its own. @throws {FunctionNotFoundError} */
  open(address: PciAddress): PciFunction {
    const fn = this.#root.find(address);
    const shared = fn === undefined ? undefined : this.#shared.get(fn);
    if (fn === undefined || shared === undefined || !isPresent(fn)) {
      throw new FunctionNotFoundError(address, this.name);
    }
    const view = new SimFunction({
      address,
      shared,
      root: this.#root,
      host: this.#host,
      clock: this.clock,
      memoryFile: this.#memoryFile,
      onClose: (closed) => this.#open.delete(closed),
    });
    this.#open.add(view);
    return view;
  }

  /**
   * Switches a fault of the device on, until {@link clear}.
   * @throws {FunctionNotFoundError} @throws {MachineDescriptionError} the device cannot have this fault.
   */
  inject(address: PciAddress, fault: DeviceFault): void {
    const endpoint = this.#endpoint(address);
    const why = faultRefusal(endpoint.kind, endpoint.shape, fault);
    if (why !== undefined) throw new MachineDescriptionError(`fault of ${address}`, why);
    endpoint.inject(fault);
  }

  /**
   * Switches a fault off, by name (a model's own by its own name). A device that was removed is put in again, with the
   * addresses that firmware gave it. @returns false when it was not on.
   */
  clear(address: PciAddress, fault: string): boolean {
    const endpoint = this.#endpoint(address);
    if (!endpoint.clear(fault)) return false;
    if (fault === 'removed') this.#restore.get(endpoint)?.();
    return true;
  }

  /** Told of each write that reaches a function's configuration space, whoever makes it. */
  watchConfig(address: PciAddress, onWrite: (write: ConfigWrite) => void): Disposable {
    return this.#endpoint(address).watchConfig(onWrite);
  }

  /** Closes what is open and stops the clock. */
  [Symbol.dispose](): void {
    for (const view of [...this.#open]) view.close();
    this.platform.close();
    this.clock.stop();
  }

  #start(children: readonly Built[], numaNode: number | undefined): void {
    for (const child of children) {
      if (child.kind === 'bridge') {
        this.#shared.set(child.registers, {
          fn: child.registers,
          interrupts: undefined,
          iovas: programIovas(),
        });
        this.#facts.set(child.registers, { ...NO_HOST_FACTS, numaNode });
        this.#start(child.children, numaNode);
        continue;
      }
      const { registers: endpoint, driver, faults, label, uses, physicalSlot } = child;
      this.#facts.set(endpoint, {
        ...NO_HOST_FACTS,
        modules: driver === undefined ? [] : [driver],
        numaNode,
        label,
        physicalSlot,
      });
      const programmed = new SimInterrupts(endpoint, this.#host, this.clock);
      this.#shared.set(endpoint, {
        fn: endpoint,
        interrupts: { sources: new InterruptSources(endpoint.address, programmed), programmed },
        iovas: programIovas(),
      });
      this.drivers.add(endpoint.address, driver);
      if (uses.length > 0) this.#uses.set(endpoint, { driver, uses });
      this.#restore.set(endpoint, rememberFunction(endpoint));
      for (const fault of faults) endpoint.inject(fault);
    }
  }

  #usesOf(fn: Endpoint | Bridge): readonly HostUse[] {
    if (fn instanceof Bridge)
      return [...fn.behind.functions.values()].flatMap((behind) => this.#usesOf(behind));
    const described = this.#uses.get(fn);
    const isHosts = described?.driver === this.drivers.binding(fn.address).driver && isPresent(fn);
    return described !== undefined && isHosts ? described.uses : [];
  }

  #endpoint(address: PciAddress): Endpoint {
    const fn = this.#root.find(address);
    if (fn instanceof Endpoint) return fn;
    throw new FunctionNotFoundError(address, this.name);
  }

  #present(address: PciAddress): boolean {
    const fn = this.#root.find(address);
    return fn !== undefined && isPresent(fn);
  }

  /** As enumeration found it: a function that answers no more is still known for what it is. */
  #summary(address: PciAddress, fn: Endpoint | Bridge): FunctionSummary {
    const { vendor, device, classCode, revision } = fn instanceof Bridge ? BRIDGE_IDENTITY : fn.shape;
    const subsystem: Pick<FunctionSummary, 'subsystemVendor' | 'subsystemDevice'> =
      fn instanceof Bridge
        ? { subsystemVendor: undefined, subsystemDevice: undefined }
        : { subsystemVendor: fn.shape.subsystemVendor ?? 0, subsystemDevice: fn.shape.subsystemDevice ?? 0 };
    return {
      address,
      vendor,
      device,
      ...subsystem,
      classCode,
      revision,
      headerType: fn instanceof Bridge ? 1 : 0,
      driver: this.drivers.binding(address).driver,
      iommuGroup: undefined,
      unreadable: [],
    };
  }
}

/** What the host does with a function as long as this driver, or none, has it. */
interface DescribedUses {
  readonly driver: string | undefined;
  readonly uses: readonly HostUse[];
}

/** Whether anything stands there; a bridge is never pulled out. */
function isPresent(fn: Endpoint | Bridge): boolean {
  return fn instanceof Bridge || fn.present;
}
