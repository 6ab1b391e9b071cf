/** Where a command keeps what it set: with the files of the machine's owner, for as long as the machine lives. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { SettingJournal } from '../admin/settings/index.js';
import { machineFiles } from '../owner/index.js';
import { chosenMachine, type MachineChoice } from './machine-option.js';

const DEVICE_FILES = 'proto:';

/** Undefined for a machine that ends with the command that opens it. */
export function settingJournal(choice: MachineChoice): SettingJournal | undefined {
  const name = machineWithFiles(choice);
  return name === undefined ? undefined : new SettingJournal(machineFiles(name).settings);
}

/** Device files are those of a machine that somebody else keeps: it lives on. */
function machineWithFiles(choice: MachineChoice): string | undefined {
  const chosen = chosenMachine(choice);
  if (chosen.name === 'linux') return 'linux';
  if (chosen.name === 'sim') return chosen.file === undefined ? 'sim' : undefined;
  if (chosen.name !== 'other' || !chosen.on.startsWith(DEVICE_FILES)) return undefined;
  const folder = realpathSync(chosen.on.slice(DEVICE_FILES.length));
  return `proto-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`;
}
