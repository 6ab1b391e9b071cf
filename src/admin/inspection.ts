/** One function as an owner shows it to other processes: facts and configuration space, as JSON can carry them. */
import {
  NO_HOST_FACTS,
  NO_PRODUCT_DATA,
  platformToWire,
  productData,
  readConfig,
  regionToWire,
  type FunctionSummary,
  type HostFacts,
  type Machine,
  type ResetMethod,
  type WirePlatform,
  type WireRegion,
} from '../function/index.js';
import { bytesReader, type PciAddress } from '../pci/index.js';

export interface Inspection {
  /** With what could not be read here among its `unreadable`. */
  readonly summary: FunctionSummary;
  readonly regions: readonly WireRegion[];
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
    regions: fn.regions.map(regionToWire),
    resetMethods: fn.resetMethods,
    interruptLine: fn.interruptLine,
    config: Buffer.from(config).toString('base64'),
    host,
    vpd: data.bytes === undefined ? undefined : Buffer.from(data.bytes).toString('base64'),
  };
}

/** Empty on a machine without platform devices. */
export function inspectPlatform({ platform }: Pick<Machine, 'platform'>): readonly WirePlatform[] {
  return (platform?.list() ?? []).map(platformToWire);
}
