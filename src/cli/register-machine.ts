/** Where a command that accesses registers finds its function: at the owner of the simulated machine, or opened here. */
import { functionUser } from '../admin/index.js';
import type { Machine } from '../function/index.js';
import { openMachine } from '../machines/index.js';
import { notations, type PciAddress } from '../pci/index.js';
import { chosenMachine, openHost, type MachineChoice } from './machine-option.js';
import { askSim, machineToChange } from './machine-view.js';
import { viewPool } from './pool-view.js';

/** A machine that this process has opened, with what is known of who drives the function. */
export interface OpenedMachine {
  readonly machine: Machine;
  readonly user: string | undefined;
}

/**
 * `changes`: this host is not changed by mistake. @returns `sim` for the simulated machine, whose owner is to be asked.
 * @throws {UnknownMachineError | MachineAmbiguousError} and what the machine itself refuses.
 */
export async function registerMachine(
  choice: MachineChoice,
  address: PciAddress,
  changes: boolean,
): Promise<'sim' | OpenedMachine> {
  if (isCommandsOwn(choice)) {
    const machine = await openMachine(choice.on);
    return { machine, user: undefined };
  }
  const { name } = changes ? machineToChange(choice) : chosenMachine(choice);
  if (name === 'sim') return name;
  const machine = await openHost();
  try {
    const { entries } = await viewPool(machine);
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

/** Neither this host nor the simulated machine: nobody else has it. */
function isCommandsOwn(choice: MachineChoice): choice is { readonly on: string } {
  return choice.on !== undefined && choice.on !== '' && !/^(linux|sim)(:|$)/.test(choice.on);
}
