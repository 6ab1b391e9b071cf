/** A machine as data that a user writes: buses, bridges, devices, who drives them, and what is broken. */
import type { HostUse } from '../../../function/index.js';
import type { DeviceFault } from '../device/faults.js';

/** What is not given is assigned as firmware would. All numbers are whole; addresses and sizes are bytes. */
export interface MachineDescription {
  /** Bytes of memory, from 1 MiB on: a multiple of 4096, up to 2 GiB less 1 MiB, which is what an absent one means. */
  readonly memory?: number;
  /** False for a machine without an IOMMU: every device reaches all memory. True where absent. */
  readonly iommu?: boolean;
  /** Level-triggered interrupt lines, 4 (where absent) to 64; they are shared by all pins. */
  readonly lines?: number;
  /** Host drivers that are loaded besides those that devices name, `pciback` and `vfio-pci`. */
  readonly drivers?: readonly string[];
  readonly roots: readonly RootDescription[];
  /** Devices of no bus, at addresses and lines that nothing but this says. */
  readonly platform?: readonly PlatformDescription[];
}

/** One platform device: `ports` or `memory` says where its registers begin. */
export interface PlatformDescription {
  /** Name of a platform device kind. */
  readonly model: string;
  /** First port, below 0x1000. */
  readonly ports?: number;
  /** Below 1 MiB, or from 0xfed00000 up to 0xfedfffff. */
  readonly memory?: number;
  /** Interrupt line, 0 to 15, its own; absent for a device without one. */
  readonly line?: number;
  /** As the kind understands them. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A root bus; {@link parseMachine} reads the same from YAML. */
export interface RootDescription {
  /** 0 where absent. */
  readonly domain?: number;
  /** Bus number; where absent the first one that is free. */
  readonly bus?: number;
  /** NUMA node of everything below it; none where absent. */
  readonly numaNode?: number;
  readonly slots: readonly SlotDescription[];
}

/** A place on a bus: a device, or a bridge to another bus. */
export type SlotDescription = DeviceDescription | BridgeDescription;

interface Slot {
  /** Device and function number in hexadecimal, `DD.F`, or `DD` for function 0: `"1f.3"`, `"02"`. */
  readonly slot: string;
}

/** What is said of one function of a device. */
export interface FunctionDescription {
  /** The host driver that is bound to it at the start. */
  readonly driver?: string;
  /** Addresses of BARs, by their index. */
  readonly regions?: Readonly<Record<number, { readonly address: number }>>;
  readonly faults?: readonly DeviceFault[];
  /** It has advanced error reporting: for PCI Express functions. */
  readonly aer?: boolean;
  /** Its device serial number, eight bytes as lspci writes them (`00-1b-21-ff-ff-3c-4d-5e`): for PCI Express functions. */
  readonly dsn?: string;
  /** What firmware calls it. */
  readonly label?: string;
  /** What the host does with it as long as the driver that is said here, or none where none is, has it. */
  readonly uses?: readonly HostUse[];
  /** It has vital product data, which is read through the capability. */
  readonly vpd?: ProductDataDescription;
}

/** Texts by keyword of two capitals or digits (`PN`, `SN`, `V0`), 255 bytes of UTF-8 each; the checksum is made of them. */
export interface ProductDataDescription {
  /** What the card calls itself. */
  readonly name?: string | undefined;
  readonly readOnly?: Readonly<Record<string, string>> | undefined;
  readonly readWrite?: Readonly<Record<string, string>> | undefined;
}

/** A device in a slot, of a kind that comes with the machine or of {@link SimOptions.kinds}. */
export interface DeviceDescription extends Slot, FunctionDescription {
  /** Name of a device kind. Driver, regions and faults here are those of its first function. */
  readonly model: string;
  /** As the kind understands them. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Name of the slot that the card is in, with all its functions. */
  readonly physicalSlot?: string;
  /** The further functions of a device that has several, by function number inside the device. */
  readonly functions?: Readonly<Record<number, FunctionDescription>>;
}

/** Both ends belong to the window. */
export interface WindowDescription {
  readonly base: number;
  readonly limit: number;
}

/** A PCI-to-PCI bridge in a slot; windows that are absent are sized for what is behind it. */
export interface BridgeDescription extends Slot {
  readonly bridge: {
    /** Number of the bus behind it. */
    readonly secondary?: number;
    /** The IOMMU sees all that stands behind it as one requester, as behind a bridge to conventional PCI. */
    readonly aliases?: boolean;
    /** Multiples of 1 MiB, below 4 GiB. */
    readonly memory?: WindowDescription;
    /** Multiples of 1 MiB. */
    readonly prefetchable?: WindowDescription;
    /** Multiples of 4 KiB, below 64 KiB. */
    readonly io?: WindowDescription;
  };
  readonly bus: readonly SlotDescription[];
}

export function isBridge(slot: SlotDescription): slot is BridgeDescription {
  return 'bridge' in slot;
}
