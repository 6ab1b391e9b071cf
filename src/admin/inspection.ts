/** One function as an owner shows it to other processes: facts and configuration space, as JSON can carry them. */
import {
  NO_HOST_FACTS,
  platformToWire,
  readConfig,
  regionToWire,
  type FunctionSummary,
  type HostFacts,
  type Machine,
  type ResetMethod,
  type WirePlatform,
  type WireRegion,
} from '../function/index.js';
import type { PciAddress } from '../pci/index.js';

export interface Inspection {
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

/**
 * Reads each register once, by 4 bytes. `vpd`: reads vital product data as well, which may take a second.
 * @throws {FunctionNotFoundError | VpdUnreadableError}
 */
export function inspect(machine: Machine, address: PciAddress, vpd = false): Inspection {
  using fn = machine.open(address);
  const summary = machine.list().find((entry) => entry.address.equals(address));
  if (summary === undefined) throw new RangeError(`${address} is open and not in the list`);
  const config = readConfig(fn.config, (_offset, refusal) => {
    throw refusal;
  });
  const { readVpd, ...host } = machine.hostFacts?.(address) ?? NO_HOST_FACTS;
  const productData = vpd ? readVpd?.() : undefined;
  return {
    summary,
    regions: fn.regions.map(regionToWire),
    resetMethods: fn.resetMethods,
    interruptLine: fn.interruptLine,
    config: Buffer.from(config).toString('base64'),
    host,
    vpd: productData === undefined ? undefined : Buffer.from(productData).toString('base64'),
  };
}

export function inspectPlatform({ platform }: Pick<Machine, 'platform'>): readonly WirePlatform[] {
  return (platform?.list() ?? []).map(platformToWire);
}
