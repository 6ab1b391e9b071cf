/** Records that killed commands were writing and that nobody ever reads: `recover` leaves none of them. */
import { dirname } from 'node:path';
import { clearUnplaced } from '../durable/index.js';
import { machineFiles, stateFiles } from '../owner/index.js';
import { namesPlace } from './names-place.js';
import { ownedMachine, type MachineChoice } from './machine-option.js';

export function clearUnplacedFiles(choice: MachineChoice, state = stateFiles()): void {
  const { claims, changes, settings } = machineFiles(ownedMachine(choice).name);
  const names = namesPlace(choice, state);
  for (const folder of [state.changes, state.policies, names, dirname(claims), changes, settings])
    clearUnplaced(folder);
}
