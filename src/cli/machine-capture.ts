/** A capture of the machine that a command looks at: taken here where any process can, else of what its owner tells. */
import { functionUser } from '../admin/function-user.js';
import {
  captureMachine,
  FunctionNotFoundError,
  regionFromWire,
  type Capture,
  type CapturedFunction,
  type CaptureOptions,
} from '../function/index.js';
import type { PoolEntry } from '../owner/index.js';
import { notations, type PciAddress } from '../pci/index.js';
import {
  chosenMachine,
  machineOfItsOwn,
  openChosen,
  openHost,
  type MachineChoice,
} from './machine-option.js';
import { askSim } from './machine-view.js';
import { viewPool } from './pool-view.js';

/**
 * Of all functions, or of those that are named. Vital product data, which may take a second each, is left out where it
 * can only be read through registers that somebody else has; a reason then.
 * @throws {FunctionNotFoundError | SimNotRunningError} and what the machine itself refuses.
 */
export async function takeCapture(
  choice: MachineChoice,
  chosen: Pick<CaptureOptions, 'addresses' | 'vpd'> = {},
): Promise<Capture> {
  if (machineOfItsOwn(choice) !== undefined) {
    using own = await openChosen(choice);
    return captureMachine(own, { ...chosen, user: ({ address }) => functionUser(own, [], address) });
  }
  if (chosenMachine(choice).name === 'sim') return captureSim(chosen);
  using machine = await openHost();
  const { entries } = await viewPool(machine.name, (read) => Promise.resolve(read(machine)));
  return captureMachine(machine, {
    ...chosen,
    pool: (address) => poolState(entries, address),
    user: ({ address }) => functionUser(machine, entries, address),
  });
}

async function captureSim({
  addresses,
  vpd = true,
}: Pick<CaptureOptions, 'addresses' | 'vpd'>): Promise<Capture> {
  const taken = new Date();
  const entries = await askSim('pool', {});
  const there = (await askSim('functions', {})).map(({ address }) => notations.hex.parse(address));
  for (const address of addresses ?? [])
    if (!there.some((one) => one.equals(address))) throw new FunctionNotFoundError(address, 'sim');
  const functions: CapturedFunction[] = [];
  for (const address of there)
    if (addresses?.some((one) => one.equals(address)) ?? true)
      functions.push(await captureOnSim(address, vpd, poolState(entries, address)));
  return { machine: 'sim', taken, functions };
}

async function captureOnSim(
  address: PciAddress,
  withVpd: boolean,
  pool: CapturedFunction['pool'],
): Promise<CapturedFunction> {
  const told = await askSim('inspect', { address: String(address), vpd: withVpd });
  const { summary, regions, resetMethods, interruptLine, config, host, vpd } = told;
  return {
    address,
    config: bytesOf(config),
    regions: regions.map(regionFromWire),
    driver: summary.driver,
    modules: host.modules,
    interruptLine,
    numaNode: host.numaNode,
    iommuGroup: summary.iommuGroup,
    label: host.label,
    physicalSlot: host.physicalSlot,
    resetMethods,
    vpd: vpd === undefined ? undefined : bytesOf(vpd),
    pool,
    unreadable: summary.unreadable,
  };
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

/** Undefined for a function that is in no pool. */
function poolState(entries: readonly PoolEntry[], address: PciAddress): CapturedFunction['pool'] {
  const entry = entries.find((one) => one.address === String(address));
  return entry === undefined ? undefined : { state: entry.state, guest: entry.taker };
}
