/** Where a command that accesses registers finds its function: at the owner of the simulated machine, or opened here. */
import { functionUser } from '../admin/index.js';
import { hasDrivers, type Machine } from '../function/index.js';
import { notations, type PciAddress } from '../pci/index.js';
import {
  chosenMachine,
  keepsPool,
  machineOfItsOwn,
  openChosen,
  RecordElsewhereError,
  type RecordChoice,
} from './machine-option.js';
import { askSim, machineToChange } from './machine-view.js';
import { viewPool } from './pool-view.js';

/** A machine that this process has opened, with what is known of who drives the function. */
export interface OpenedMachine {
  readonly machine: Machine;
  readonly user: string | undefined;
}

/**
 * `changes`: this host is not changed by mistake. @returns `sim` for the simulated machine, whose owner is to be asked.
 * @throws {UnknownMachineError | MachineAmbiguousError | RecordElsewhereError} and what the machine itself refuses.
 */
export async function registerMachine(
  choice: RecordChoice,
  address: PciAddress,
  changes: boolean,
): Promise<'sim' | OpenedMachine> {
  const own = machineOfItsOwn(choice);
  const { name } = own === undefined && changes ? machineToChange(choice) : chosenMachine(choice);
  if (own === undefined && name === 'sim') {
    if (choice.record !== undefined && choice.record !== '') throw new RecordElsewhereError(name);
    return name;
  }
  const machine = await openChosen(choice);
  try {
    // Most machines of the command's own have no pool: only their drivers use functions.
    const entries =
      keepsPool(choice) && hasDrivers(machine)
        ? (await viewPool(machine.name, (read) => Promise.resolve(read(machine)))).entries
        : [];
    return { machine, user: functionUser(machine, entries, address) };
  } catch (cause) {
    machine[Symbol.dispose]();
    throw cause;
  }
}

/** Who drives a function of the simulated machine, as its owner tells. */
export async function userOnSim(address: PciAddress): Promise<string | undefined> {
  const entries = await askSim('pool', {});
  const functions = await askSim('functions', {});
  const binding = (of: PciAddress) => ({
    driver: functions.find((each) => notations.hex.parse(each.address).equals(of))?.driver,
  });
  return functionUser({ drivers: { binding } }, entries, address);
}
