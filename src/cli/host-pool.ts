/** The pool of a host that outlives the process: its claims and its changes are on disk. */
import { ChangeFolder, Changes } from '../change/index.js';
import type { MachineWithDrivers } from '../function/index.js';
import { machineFiles } from '../owner/runtime-directory.js';
import { FileJournal, Pool } from '../pool/index.js';

/** For the process that owns the host. @throws {JournalUnreadableError} */
export function openPool(machine: MachineWithDrivers): Pool {
  const { claims, changes } = machineFiles(machine.name);
  return new Pool(machine, new FileJournal(claims), new Changes(new ChangeFolder(changes)));
}
