/** `openslot proto`: a function's resources as files, for programs in any language. */
import type { Command } from 'commander';
import { notations } from '../pci/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';

export function define(command: Command): void {
  command
    .command('mount [directory] [address...]')
    .description('serve functions without a driver as files, until it is ended')
    .addOption(machineOption())
    .option('--allow-other', 'let other users of this host open the files')
    .option('--json', 'print data, one object a line')
    .action(mount);
}

interface MountChoice extends MachineChoice {
  allowOther?: boolean;
  json?: boolean;
}

async function mount(
  directory = '/dev/proto',
  addresses: readonly string[],
  choice: MountChoice,
): Promise<void> {
  const only = addresses.map((text) => notations.hex.parse(text));
  const { mountFiles } = await import('./proto-mount.js');
  await mountFiles(directory, only, choice);
}
