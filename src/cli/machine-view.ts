/** A machine as a command looks at it: opened here where any process can, else told by its owner. */
import { existsSync } from 'node:fs';
import type { FindingData } from '../admin/index.js';
import { FunctionNotFoundError } from '../function/errors.js';
import type {
  FunctionSummary,
  Machine,
  MachineWithDrivers,
  PlatformDeviceSummary,
} from '../function/index.js';
import { hasDrivers } from '../function/machine.js';
import type { OwnerResults, RequestName, RequestParameters, Wire } from '../owner/index.js';
import { listHost } from '../machines/linux/host-listing.js';
import { machineFiles } from '../owner/runtime-directory.js';
import { OpenslotError } from '../pci/errors.js';
import type { PciAddress } from '../pci/index.js';
import { platformFromWire, regionFromWire, summaryFromWire } from '../function/wire.js';
import type { FunctionFacts } from './function-text.js';
import {
  chosenMachine,
  MachineAmbiguousError,
  MachineWithoutGuestsError,
  keepsPool,
  openHost,
  SimNotRunningError,
  machineOfItsOwn,
  openChosen,
  ownedMachine,
  type MachineChoice,
  type OwnedMachine,
} from './machine-option.js';
import { hostPool, savedEntries, viewPool, type PoolView } from './pool-view.js';

export interface MachineView {
  readonly name: string;
  readonly functions: readonly FunctionSummary[];
  readonly platform: readonly PlatformDeviceSummary[];
  readonly pool: PoolView;
}

/** Asks the owner of the simulated machine. @throws {SimNotRunningError | OwnerRefusedError} */
export async function askSim<Name extends RequestName>(
  request: Name,
  parameters: RequestParameters<Name>,
): Promise<Wire<OwnerResults[Name]>> {
  const { socket } = machineFiles('sim');
  const { askOwner, OwnerUnreachableError } = await import('../owner/client.js');
  try {
    return await askOwner(socket, request, parameters);
  } catch (cause) {
    if (cause instanceof OwnerUnreachableError && cause.code === 'OWNER_ABSENT')
      throw new SimNotRunningError(socket, { cause });
    throw cause;
  }
}

/** The machine that is to be changed: this host is not changed by mistake. @throws {MachineAmbiguousError | MachineWithoutOwnerError} */
export function machineToChange(choice: MachineChoice): OwnedMachine {
  const { socket } = machineFiles('sim');
  const said = choice.on !== undefined && choice.on !== '';
  if (!said && existsSync(socket)) throw new MachineAmbiguousError(socket);
  return ownedMachine(choice);
}

/**
 * Asks the owner of the chosen machine for what only a running owner does.
 * @throws {MachineWithoutGuestsError} no owner of it ever could.
 */
export async function askOwnerOf<Name extends RequestName>(
  choice: MachineChoice,
  request: Name,
  parameters: RequestParameters<Name>,
): Promise<Wire<OwnerResults[Name]>> {
  const { name } = machineToChange(choice);
  if (name !== 'sim' && name !== 'linux') throw new MachineWithoutGuestsError(name);
  const { askOwner } = await import('../owner/client.js');
  return name === 'sim'
    ? askSim(request, parameters)
    : askOwner(machineFiles(name).socket, request, parameters);
}

export async function viewMachine(choice: MachineChoice): Promise<MachineView> {
  if (machineOfItsOwn(choice) !== undefined) {
    using own = await openChosen(choice);
    return {
      name: own.name,
      functions: own.list(),
      platform: own.platform?.list() ?? [],
      pool: await poolOfItsOwn(own, choice),
    };
  }
  if (chosenMachine(choice).name === 'sim') {
    const [functions, entries] = [await askSim('functions', {}), await askSim('pool', {})];
    const platform = (await askSim('platform', {})).map(platformFromWire);
    return { name: 'sim', functions: functions.map(summaryFromWire), platform, pool: { entries } };
  }
  const listing = await listHost();
  const pool = await viewPool('linux', async (read) => {
    using machine = await openHost();
    return read(machine);
  });
  return { name: 'linux', ...listing, pool };
}

export async function inspectFunction(choice: MachineChoice, address: PciAddress): Promise<FunctionFacts> {
  const written = machineOfItsOwn(choice);
  if (written !== undefined) {
    using own = await openChosen(choice);
    if (!own.list().some((one) => one.address.equals(address)))
      throw new FunctionNotFoundError(address, written);
    const { factsOf } = await import('./function-facts.js');
    // Where there is no pool nobody has anything, so there is nothing to find of who shares it.
    const isHost = keepsPool(choice) && hasDrivers(own);
    return factsOf(own, address, isHost ? await findingsOnHost(own, address, false) : []);
  }
  if (chosenMachine(choice).name === 'sim') {
    const parameters = { address: String(address) };
    const told = await askSim('inspect', { ...parameters, vpd: true });
    const { summary, regions, resetMethods, interruptLine, config, vpd } = told;
    const { bytesReader, decodeFunction } = await import('../pci/index.js');
    return {
      summary: summaryFromWire(summary),
      regions: regions.map(regionFromWire),
      resetMethods,
      interruptLine,
      decoded: decodeFunction(bytesReader(Buffer.from(config, 'base64'))),
      vpd: vpd === undefined ? undefined : Buffer.from(vpd, 'base64'),
      findings: await askSim('findings', parameters),
    };
  }
  using machine = await openHost();
  const { factsOf } = await import('./function-facts.js');
  const { runsOnXen } = await import('../xen/native/index.js');
  return factsOf(machine, address, await findingsOnHost(machine, address, runsOnXen()));
}

async function poolOfItsOwn(machine: Machine, choice: MachineChoice): Promise<PoolView> {
  if (machine.saved !== undefined) return { entries: savedEntries(machine.saved) };
  if (!keepsPool(choice) || !hasDrivers(machine)) return { entries: [] };
  return viewPool(machine.name, (read) => Promise.resolve(read(machine)));
}

/** By the owner, who knows the guests and the hypervisor; without one, by what this process can see. */
async function findingsOnHost(
  machine: MachineWithDrivers,
  address: PciAddress,
  onXen: boolean,
): Promise<readonly Wire<FindingData>[]> {
  const { askOwner, OwnerRefusedError, OwnerUnreachableError } = await import('../owner/client.js');
  try {
    return await askOwner(machineFiles(machine.name).socket, 'findings', { address: String(address) });
  } catch (error) {
    const busy = error instanceof OwnerRefusedError && error.code === 'OWNER_BUSY';
    if (!(error instanceof OwnerUnreachableError) && !busy) throw error;
  }
  const [{ describeFinding, Examiner, examinerOf }, { openNativePlatform }, { misnamedOn }] =
    await Promise.all([
      import('../admin/findings/index.js'),
      import('../xen/native/index.js'),
      import('./function-names.js'),
    ]);
  const pool = await hostPool(machine);
  const misnamed = misnamedOn(machine, pool);
  // Xen keeps the IOMMU for itself, and shows it to its tool stack alone: without the right to ask, nobody knows.
  const platform = onXen ? await openNativePlatform().catch(ignoreRefusal) : undefined;
  try {
    const examiner =
      platform === undefined
        ? new Examiner({
            machine,
            pool,
            store: undefined,
            translates: () => (onXen ? undefined : false),
            misnamed,
          })
        : examinerOf({ platform, machine, pool, misnamed });
    return (await examiner.look(address)).map(describeFinding);
  } finally {
    await platform?.[Symbol.asyncDispose]();
  }
}

function ignoreRefusal(error: unknown): undefined {
  if (!(error instanceof OpenslotError)) throw error;
  return undefined;
}
