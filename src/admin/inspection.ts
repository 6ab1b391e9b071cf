/** One function as an owner shows it to other processes: facts and configuration space, as JSON can carry them. */
import type {
  FunctionSummary,
  Machine,
  PlatformDeviceSummary,
  RegionInfo,
  ResetMethod,
} from '../function/index.js';
import type { PciAddress } from '../pci/index.js';

/** A region with its address as text, `0x` and hexadecimal. */
export type ShownRegion = Omit<RegionInfo, 'address'> & { readonly address: string };

export interface Inspection {
  readonly summary: FunctionSummary;
  readonly regions: readonly ShownRegion[];
  readonly resetMethods: readonly ResetMethod[];
  /** Interrupt line of INTx as the host routes it; undefined without one. */
  readonly interruptLine: number | undefined;
  /** All that can be read of configuration space, base64. */
  readonly config: string;
}

/** Reads each register once, by 4 bytes. @throws {FunctionNotFoundError} */
export function inspect(machine: Machine, address: PciAddress): Inspection {
  using fn = machine.open(address);
  const summary = machine.list().find((entry) => entry.address.equals(address));
  if (summary === undefined) throw new RangeError(`${address} is open and not in the list`);
  const bytes = Buffer.alloc(fn.config.size);
  for (let offset = 0; offset < bytes.length; offset += 4)
    bytes.writeUInt32LE(fn.config.read(offset, 4), offset);
  return {
    summary,
    regions: fn.regions.map((region) => ({ ...region, address: `0x${region.address.toString(16)}` })),
    resetMethods: fn.resetMethods,
    interruptLine: fn.interruptLine,
    config: bytes.toString('base64'),
  };
}

/** A platform device as it is sent: addresses are text. */
export type ShownPlatformDevice = Omit<PlatformDeviceSummary, 'regions'> & {
  readonly regions: readonly ShownRegion[];
};

export function inspectPlatform({ platform }: Pick<Machine, 'platform'>): readonly ShownPlatformDevice[] {
  return (platform?.list() ?? []).map(({ regions, ...facts }) => ({
    ...facts,
    regions: regions.map((region) => ({ ...region, address: String(region.address) })),
  }));
}
