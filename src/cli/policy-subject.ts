/** The function that a policy is for: its ids and its registers, from whichever machine it is on. */
import { deviceOf, type DeviceIds } from '../admin/policies/index.js';
import { FunctionNotFoundError } from '../function/errors.js';
import type { Machine } from '../function/index.js';
import { summaryFromWire } from '../function/wire.js';
import { bytesReader, presentRegisters, type PciAddress, type PresentRegister } from '../pci/index.js';
import {
  chosenMachine,
  machineOfItsOwn,
  openChosen,
  openHost,
  type MachineChoice,
} from './machine-option.js';
import { askSim } from './machine-view.js';

export interface PolicySubject {
  readonly device: DeviceIds;
  readonly registers: readonly PresentRegister[];
}

/** @throws {FunctionNotFoundError} and what the machine cannot be opened for. */
export async function policySubject(choice: MachineChoice, address: PciAddress): Promise<PolicySubject> {
  if (machineOfItsOwn(choice) === undefined && chosenMachine(choice).name === 'sim') {
    const { summary, config } = await askSim('inspect', { address: String(address) });
    const registers = presentRegisters(bytesReader(Buffer.from(config, 'base64')));
    return { device: deviceOf(summaryFromWire(summary)), registers };
  }
  using machine = machineOfItsOwn(choice) === undefined ? await openHost() : await openChosen(choice);
  return subjectOn(machine, address);
}

function subjectOn(machine: Machine, address: PciAddress): PolicySubject {
  const summary = machine.list().find((each) => each.address.equals(address));
  if (summary === undefined) throw new FunctionNotFoundError(address, machine.name);
  using fn = machine.open(address);
  return { device: deviceOf(summary), registers: presentRegisters(fn.config) };
}
