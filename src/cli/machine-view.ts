/** A machine as a command looks at it: opened here where any process can, else told by its owner. */
import { existsSync } from 'node:fs';
import type { FunctionSummary, RegionInfo } from '../function/index.js';
import { askOwner, machineFiles, OwnerUnreachableError, type RequestName } from '../owner/index.js';
import type { OwnerResults, RequestParameters, Wire } from '../owner/index.js';
import { bytesReader, decodeFunction, notations, type PciAddress } from '../pci/index.js';
import type { FunctionFacts } from './function-text.js';
import {
  chosenMachine,
  MachineAmbiguousError,
  openHost,
  SimNotRunningError,
  type ChosenMachine,
  type MachineChoice,
} from './machine-option.js';
import { viewPool, type PoolView } from './pool-view.js';

export interface MachineView {
  readonly name: string;
  readonly functions: readonly FunctionSummary[];
  readonly pool: PoolView;
}

/** Asks the owner of the simulated machine. @throws {SimNotRunningError | OwnerRefusedError} */
export async function askSim<Name extends RequestName>(
  request: Name,
  parameters: RequestParameters<Name>,
): Promise<Wire<OwnerResults[Name]>> {
  const { socket } = machineFiles('sim');
  try {
    return await askOwner(socket, request, parameters);
  } catch (cause) {
    if (cause instanceof OwnerUnreachableError && cause.code === 'OWNER_ABSENT')
      throw new SimNotRunningError(socket, { cause });
    throw cause;
  }
}

/** The machine that is to be changed: this host is not changed by mistake. @throws {MachineAmbiguousError} */
export function machineToChange(choice: MachineChoice): ChosenMachine {
  const { socket } = machineFiles('sim');
  const said = choice.on !== undefined && choice.on !== '';
  if (!said && existsSync(socket)) throw new MachineAmbiguousError(socket);
  return chosenMachine(choice);
}

/** Asks the owner of the chosen machine for what only a running owner does. */
export function askOwnerOf<Name extends RequestName>(
  choice: MachineChoice,
  request: Name,
  parameters: RequestParameters<Name>,
): Promise<Wire<OwnerResults[Name]>> {
  const { name } = machineToChange(choice);
  return name === 'sim'
    ? askSim(request, parameters)
    : askOwner(machineFiles(name).socket, request, parameters);
}

export async function viewMachine(choice: MachineChoice): Promise<MachineView> {
  if (chosenMachine(choice).name === 'sim') {
    const [functions, entries] = [await askSim('functions', {}), await askSim('pool', {})];
    return { name: 'sim', functions: functions.map(summaryOf), pool: { entries } };
  }
  using machine = await openHost();
  return { name: machine.name, functions: machine.list(), pool: await viewPool(machine) };
}

export async function inspectFunction(choice: MachineChoice, address: PciAddress): Promise<FunctionFacts> {
  if (chosenMachine(choice).name === 'sim') {
    const { summary, regions, resetMethods, interruptLine, config } = await askSim('inspect', {
      address: String(address),
    });
    return {
      summary: summaryOf(summary),
      regions: regions.map((region): RegionInfo => ({ ...region, address: BigInt(region.address) })),
      resetMethods,
      interruptLine,
      decoded: decodeFunction(bytesReader(Buffer.from(config, 'base64'))),
    };
  }
  using machine = await openHost();
  const summary = machine.list().find((entry) => entry.address.equals(address));
  using fn = machine.open(address);
  return {
    summary,
    regions: fn.regions,
    resetMethods: fn.resetMethods,
    interruptLine: fn.interruptLine,
    decoded: decodeFunction(fn.config),
  };
}

/** What JSON leaves out is undefined again. */
function summaryOf(wire: Wire<FunctionSummary>): FunctionSummary {
  const { address, ...facts } = wire;
  return {
    ...facts,
    address: notations.hex.parse(address),
    subsystemVendor: facts.subsystemVendor,
    subsystemDevice: facts.subsystemDevice,
    driver: facts.driver,
    iommuGroup: facts.iommuGroup,
  };
}
