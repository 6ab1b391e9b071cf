/** The names of the functions of the machine that a command looks at. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import {
  FunctionNames,
  machineSource,
  NameFolder,
  type DeviceSource,
  type MisnamedAt,
} from '../admin/names/index.js';
import type { Machine } from '../function/index.js';
import type { Pool } from '../pool/index.js';
import { stateFiles } from '../owner/state-directory.js';
import { machineOfItsOwn, chosenMachine, type MachineChoice } from './machine-option.js';

export function functionNames(choice: MachineChoice): FunctionNames {
  return new FunctionNames(nameFolder(choice), deviceSource(choice));
}

/** Of a machine that is open in this process, for who claims its functions and examines them. */
export function misnamedOn(machine: Machine, pool: Pick<Pool, 'list'>): MisnamedAt {
  return new FunctionNames(nameFolder({ on: machine.name }), machineSource(machine, pool)).misnamed;
}

export function nameFolder(choice: MachineChoice): NameFolder {
  return new NameFolder(namesPath(choice));
}

/** Of this host and of the simulated machine that runs by their names; of others by what opens them. */
export function namesPath(choice: MachineChoice, { names } = stateFiles()): string {
  const own = machineOfItsOwn(choice);
  return join(names, own === undefined ? chosenMachine(choice).name : folderOf(own));
}

/** A file or a folder is the same one however its path is written. */
function folderOf(on: string): string {
  const [kind = '', ...rest] = on.split(':');
  let what = rest.join(':');
  try {
    what = realpathSync(what);
  } catch {
    // It stands for no file, or for one that is not there: opening it tells.
  }
  return `${kind}-${createHash('sha256').update(what).digest('hex').slice(0, 16)}`;
}

function deviceSource(choice: MachineChoice): DeviceSource {
  return {
    machine: machineOfItsOwn(choice) ?? chosenMachine(choice).name,
    functions: async () => (await (await import('./machine-view.js')).viewMachine(choice)).functions,
    capture: async (addresses, vpd) =>
      (await import('./machine-capture.js')).takeCapture(choice, { addresses, vpd }),
  };
}
