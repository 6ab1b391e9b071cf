/** What a device model is: the data of its function, and the behaviour of its registers. */
import type { DmaResult, Iova, RegionInfo } from '../../function/index.js';

/** A BAR, before anybody gave it an address. */
export type RegionShape = Pick<RegionInfo, 'index' | 'kind' | 'size'> &
  Partial<Pick<RegionInfo, 'prefetchable' | 'wide'>>;

/** Everything of a function that its header and capabilities show; the machine makes configuration space of it. */
export interface FunctionShape {
  readonly vendor: number;
  readonly device: number;
  readonly subsystemVendor?: number;
  readonly subsystemDevice?: number;
  /** 24 bits: base class, subclass, programming interface. */
  readonly classCode: number;
  readonly revision: number;
  readonly regions: readonly RegionShape[];
  /** 1 (INTA) to 4 (INTD); absent for a function without INTx. */
  readonly pin?: 1 | 2 | 3 | 4;
  readonly msi?: { readonly vectors: 1 | 2 | 4 | 8 | 16 | 32; readonly maskable?: boolean };
  /** Table and pending bits stand in a region of the function's own, and are the machine's: a model never sees them. */
  readonly msix?: {
    readonly vectors: number;
    readonly region: number;
    readonly table: number;
    readonly pending: number;
  };
  /**
   * A PCI Express endpoint, with 4096 bytes of configuration space; with function level reset, and with advanced error
   * reporting, where it says so.
   */
  readonly express?: { readonly flr: boolean; readonly aer?: boolean };
  readonly powerManagement?: boolean;
  /** What the vital product data window reads. */
  readonly vpd?: Uint8Array;
  /** 64 bits of the device serial number capability; for PCI Express functions. */
  readonly serial?: bigint;
  /** Where capabilities stand, by their table's name (`msix: 0x40`), for a device that is like another one; all or none. */
  readonly places?: Readonly<Record<string, number>>;
}

/** An event of the machine's clock that has not happened yet. */
export interface Timer {
  cancel(): void;
}

/** What a function gives its model: the bus behind it, its interrupts, and the machine's time. */
export interface ModelBus {
  /** Nanoseconds since the machine started. */
  readonly now: number;
  /** Runs `action` once, at least `nanoseconds` from now. A reset of the function cancels it. */
  after(nanoseconds: number, action: () => void): Timer;
  /** A fault without an access when bus mastering is off. */
  dmaRead(iova: Iova, into: Uint8Array): DmaResult;
  /** Like {@link dmaRead}. */
  dmaWrite(iova: Iova, from: Uint8Array): DmaResult;
  /** What is switched on. While it is `none`, {@link setPin} counts and {@link message} does nothing. */
  readonly messages: 'none' | 'msi' | 'msix';
  /** Raises a message of the kind that is on. A masked vector is raised when it is unmasked. */
  message(vector: number): void;
  /** The level of the INTx pin. The machine keeps it from the line while INTx is disabled or a message kind is on. */
  setPin(level: boolean): void;
  /** Whether a fault of the kind's own ({@link DeviceKind.faults}) is switched on now: asked for where it would show. */
  hasFault(name: string): boolean;
}

/** One device, alive. Offsets are inside the region, aligned to the width. */
export interface DeviceModel {
  /** An unsigned number of that width. */
  read(region: number, offset: number, width: 1 | 2 | 4): number;
  /** `value`: unsigned, of that width. */
  write(region: number, offset: number, width: 1 | 2 | 4, value: number): void;
  /** Absent on devices that take 64 bits as two accesses of 32, low half first. */
  read64?(region: number, offset: number): bigint;
  write64?(region: number, offset: number, value: bigint): void;
  /** Back to what it is after power on. The machine has cancelled its timers and lowered its pin. */
  reset(): void;
}

/** A kind of device. A folder of these is what a machine description can name. */
export interface DeviceKind<Options = unknown> {
  /** As descriptions name it: `edu`, `nvme`. */
  readonly name: string;
  /** One line for lists and help. */
  readonly summary: string;
  /** Faults of its own that a description or a program can switch on, each with one line that says what then happens. */
  readonly faults?: Readonly<Record<string, string>>;
  /** Checks what a description gives. @throws {MachineDescriptionError} */
  options(given: Readonly<Record<string, unknown>>): Options;
  /** Functions of the device, by number; function 0 is always there. */
  functions(options: Options): readonly { readonly function: number; readonly shape: FunctionShape }[];
  /** Makes the device behind one of its functions. */
  create(options: Options, fn: number, bus: ModelBus): DeviceModel;
}
