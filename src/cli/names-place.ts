/** Where the names of the functions of the machine that a command looks at are kept. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { stateFiles } from '../owner/state-directory.js';
import { chosenMachine, machineOfItsOwn, type MachineChoice } from './machine-option.js';

/** Of this host and of the simulated machine that runs by their names; of others by what opens them. */
export function namesPlace(choice: MachineChoice, { names } = stateFiles()): string {
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
