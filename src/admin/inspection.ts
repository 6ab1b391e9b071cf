/** One function as an owner shows it to other processes: facts and configuration space, as JSON can carry them. */
import {
  NO_HOST_FACTS,
  NO_PRODUCT_DATA,
  productData,
  readConfig,
  type FunctionSummary,
  type HostFacts,
  type Machine,
  type PlatformDeviceSummary,
  type RegionInfo,
  type ResetMethod,
} from '../function/index.js';
import { bytesReader, type PciAddress } from '../pci/index.js';

/** A region with its address as text, `0x` and hexadecimal. */
export type ShownRegion = Omit<RegionInfo, 'address'> & { readonly address: string };

export interface Inspection {
  /** With what could not be read here among its `unreadable`. */
  readonly summary: FunctionSummary;
  readonly regions: readonly ShownRegion[];
  readonly resetMethods: readonly ResetMethod[];
  /** Interrupt line of INTx as the host routes it; undefined without one. */
  readonly interruptLine: number | undefined;
  /** All that can be read of configuration space, base64. */
  readonly config: string;
  readonly host: Omit<HostFacts, 'readVpd'>;
  /** Vital product data, base64; undefined where it was not asked for, or where there is none. */
  readonly vpd: string | undefined;
}

export interface InspectionOptions {
  /** Vital product data is read as well, which may take a second. */
  readonly vpd: boolean;
  /** Who has the function, in words; undefined where nobody has. */
  readonly user: string | undefined;
}

/** Reads each register once, by 4 bytes. @throws {FunctionNotFoundError} */
export function inspect(machine: Machine, address: PciAddress, { vpd, user }: InspectionOptions): Inspection {
  using fn = machine.open(address);
  const summary = machine.list().find((entry) => entry.address.equals(address));
  if (summary === undefined) throw new RangeError(`${address} is open and not in the list`);
  const config = readConfig(fn.config, (_offset, refusal) => {
    throw refusal;
  });
  const { readVpd, ...host } = machine.hostFacts?.(address) ?? NO_HOST_FACTS;
  const registers = bytesReader(config);
  const data = vpd ? productData(machine, fn, { registers, readVpd, user }) : NO_PRODUCT_DATA;
  return {
    summary: { ...summary, unreadable: [...summary.unreadable, ...data.unreadable] },
    regions: fn.regions.map((region) => ({ ...region, address: `0x${region.address.toString(16)}` })),
    resetMethods: fn.resetMethods,
    interruptLine: fn.interruptLine,
    config: Buffer.from(config).toString('base64'),
    host,
    vpd: data.bytes === undefined ? undefined : Buffer.from(data.bytes).toString('base64'),
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
