/** The pool of a host that outlives the process: its claims and its changes are on disk. */
import { ChangeFolder, Changes } from '../change/index.js';
import { machineFiles } from '../owner/runtime-directory.js';
import { FileJournal, Pool } from '../pool/index.js';
import type { Host } from './machine-option.js';

/** For the process that owns the host. @throws {JournalUnreadableError} */
export function openPool(machine: Host): Pool {
  const { claims, changes } = machineFiles(machine.name);
  return new Pool(machine, new FileJournal(claims), new Changes(new ChangeFolder(changes)));
}
