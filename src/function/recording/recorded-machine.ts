/** A machine whose devices are recorded as a program drives them. */
import type { PciAddress } from '../../pci/address.js';
import type { Capture } from '../capture.js';
import type { ErrorReports } from '../error-reports.js';
import type { PciFunction, Resources } from '../function.js';
import type { HostControl } from '../host.js';
import type { IommuFaultReports } from '../host.js';
import type { HostDrivers } from '../host-drivers.js';
import type { HostFacts } from '../host-facts.js';
import type { FunctionSummary, Machine, MachineCapabilities } from '../machine.js';
import type { PlatformDevices } from '../platform.js';
import { platformToWire, regionToWire } from '../wire.js';
import { hex, RECORDING_VERSION, type DeviceFacts, type Inventory } from './entry.js';
import { RecordedFunction, RecordedPlatformDevice } from './recorded-device.js';
import { Recorder, type RecordingSink } from './recorder.js';

/**
 * Does what the machine does, and tells the sink. Host drivers, what the host knows, the processor's side and error
 * reports are the machine's own and are not recorded: a recording is of one program that drives devices.
 */
export class RecordedMachine implements Machine {
  readonly name: string;
  readonly capabilities: MachineCapabilities;
  readonly platform?: PlatformDevices;
  readonly drivers?: HostDrivers;
  readonly host?: HostControl;
  readonly errors?: ErrorReports;
  readonly faults?: IommuFaultReports;
  readonly hostFacts?: (address: PciAddress) => HostFacts;
  readonly saved?: Capture;
  readonly #inner: Machine;
  readonly #recorder: Recorder;
  readonly #faultWatch: Disposable | undefined;
  /** As it was told of last. */
  #inventory = '';
  #ended = false;

  constructor(inner: Machine, sink: RecordingSink) {
    this.#inner = inner;
    this.#recorder = new Recorder(sink);
    this.name = inner.name;
    this.capabilities = inner.capabilities;
    if (inner.drivers !== undefined) this.drivers = inner.drivers;
    if (inner.host !== undefined) this.host = inner.host;
    if (inner.errors !== undefined) this.errors = inner.errors;
    if (inner.faults !== undefined) this.faults = inner.faults;
    if (inner.saved !== undefined) this.saved = inner.saved;
    if (inner.hostFacts !== undefined) this.hostFacts = inner.hostFacts.bind(inner);
    if (inner.platform !== undefined) this.platform = this.#recordPlatform(inner.platform);
    const { name: machine, capabilities } = inner;
    sink.write([{ op: 'recording', version: RECORDING_VERSION, machine, capabilities }]);
    this.#takeInventory();
    this.#faultWatch = inner.faults?.onFault(({ requester, iova, access, why }) => {
      this.#recorder.happened({ op: 'fault', device: String(requester), access, iova: hex(iova), why });
    });
  }

  list(): readonly FunctionSummary[] {
    return this.#takeInventory();
  }

  open(address: PciAddress): PciFunction {
    const inner = this.#recorder.ask(
      { op: 'open', device: String(address) },
      () => this.#inner.open(address),
      (fn): DeviceFacts => ({
        ...factsOf(fn),
        configSize: fn.config.size,
        interruptLine: fn.interruptLine ?? null,
      }),
    );
    return new RecordedFunction(inner, this.#recorder);
  }

  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#faultWatch?.[Symbol.dispose]();
    this.#inner[Symbol.dispose]();
    this.#recorder.end();
  }

  #recordPlatform(platform: PlatformDevices): PlatformDevices {
    return {
      list: () => {
        this.#takeInventory();
        return platform.list();
      },
      open: (name) => {
        const inner = this.#recorder.ask(
          { op: 'open', device: name },
          () => platform.open(name),
          (device): DeviceFacts => ({ ...factsOf(device), configSize: null, interruptLine: null }),
        );
        return new RecordedPlatformDevice(name, inner, this.#recorder);
      },
    };
  }

  /** Tells of the machine's devices where they are not as they were. */
  #takeInventory(): readonly FunctionSummary[] {
    const functions = this.#inner.list();
    const platform = this.#inner.platform?.list();
    const inventory: Inventory = {
      op: 'inventory',
      functions: functions.map((summary) => ({ ...summary, address: String(summary.address) })),
      ...(platform === undefined ? {} : { platform: platform.map(platformToWire) }),
    };
    const text = JSON.stringify(inventory);
    if (text !== this.#inventory) this.#recorder.happened(inventory);
    this.#inventory = text;
    return functions;
  }
}

function factsOf({
  regions,
  resetMethods,
  interrupts,
  dma,
}: Resources): Omit<DeviceFacts, 'configSize' | 'interruptLine'> {
  return {
    regions: regions.map(regionToWire),
    resetMethods,
    interrupts: interrupts?.available ?? null,
    dma: dma !== undefined,
  };
}
