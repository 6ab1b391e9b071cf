/** The names of the functions of the machine that a command looks at. */
import {
  FunctionNames,
  machineSource,
  NameFolder,
  type DeviceSource,
  type MisnamedAt,
} from '../admin/names/index.js';
import type { Machine } from '../function/index.js';
import type { Pool } from '../pool/index.js';
import { machineOfItsOwn, chosenMachine, type MachineChoice } from './machine-option.js';
import { namesPlace } from './names-place.js';

export function functionNames(choice: MachineChoice): FunctionNames {
  return new FunctionNames(nameFolder(choice), deviceSource(choice));
}

/** Of a machine that is open in this process, for who claims its functions and examines them. */
export function misnamedOn(machine: Machine, pool: Pick<Pool, 'list'>): MisnamedAt {
  return new FunctionNames(nameFolder({ on: machine.name }), machineSource(machine, pool)).misnamed;
}

export function nameFolder(choice: MachineChoice): NameFolder {
  return new NameFolder(namesPlace(choice));
}

function deviceSource(choice: MachineChoice): DeviceSource {
  return {
    machine: machineOfItsOwn(choice) ?? chosenMachine(choice).name,
    functions: async () => (await (await import('./machine-view.js')).viewMachine(choice)).functions,
    capture: async (addresses, vpd) =>
      (await import('./machine-capture.js')).takeCapture(choice, { addresses, vpd }),
  };
}
