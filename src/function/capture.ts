/** A machine as it was at one moment: plain data that every way of looking reads, whatever it was taken from. */
import type { PciAddress } from '../pci/index.js';
import type { RegionInfo, ResetMethod } from './function.js';

/** One function at that moment. What its source does not tell is undefined; a dump tells configuration space alone. */
export interface CapturedFunction {
  readonly address: PciAddress;
  /** Configuration space from 0 on, as far as it could be read: often 64, 256 or 4096 bytes, and any number in a dump. */
  readonly config: Uint8Array;
  /** With the sizes and the host's addresses; undefined where only the registers are known. */
  readonly regions: readonly RegionInfo[] | undefined;
  readonly driver: string | undefined;
  /** Drivers of the host that say they can drive it, in the host's order. */
  readonly modules: readonly string[];
  /** The host's number of its INTx line. */
  readonly interruptLine: number | undefined;
  readonly numaNode: number | undefined;
  readonly iommuGroup: number | undefined;
  /** What firmware calls it. */
  readonly label: string | undefined;
  /** Name of the slot that its card is in. */
  readonly physicalSlot: string | undefined;
  readonly resetMethods: readonly ResetMethod[] | undefined;
  /** Vital product data as the device holds it, from address 0 on; undefined where none was read. */
  readonly vpd: Uint8Array | undefined;
  /** Its state in the pool, and who has it, as the owner says it: `guest 3`. */
  readonly pool: { readonly state: string; readonly guest: string | undefined } | undefined;
  /** What could not be read, each with its reason. */
  readonly unreadable: readonly { readonly what: string; readonly why: string }[];
}

/** A machine at that moment. */
export interface Capture {
  /** As its user names it: `linux`, `sim`, the name of a file. */
  readonly machine: string;
  /** When it was taken; undefined for a dump, which does not tell. */
  readonly taken: Date | undefined;
  /** In order of address. */
  readonly functions: readonly CapturedFunction[];
}
