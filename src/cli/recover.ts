/** `openslot recover`: settles changes of a host that were killed, or could not be undone. */
import type { Command } from 'commander';
import { visibleText } from '../pci/visible-text.js';
import { dryRunOption, type DryRunChoice } from './dry-run.js';
import { machineOption, POOL_MACHINES, type MachineChoice } from './machine-option.js';
import { nextHere } from './next-command.js';

interface RecoverOptions extends MachineChoice, DryRunChoice {
  readonly finish?: boolean;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(machineOption(POOL_MACHINES))
    .option('--finish', 'go on with what was begun, instead of taking it back')
    .addOption(dryRunOption())
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
Each step of a change is written down before it happens. What a command that was killed has done is undone, the last step
first, so that the host is as before; with --finish the rest is done. Both can be repeated, and stopped. A host that was
started anew has its own drivers again: nothing is left to recover then.

openslot serve takes back by itself, when it starts, what it finds unfinished.

Examples:
  openslot recover --dry-run     what is unfinished, and how far it came
  openslot recover
  openslot recover --finish`,
    )
    .action(recover);
}

async function recover(options: RecoverOptions): Promise<void> {
  const { askHost } = await import('./ownership.js');
  const { recoverFiles, unfinishedFiles } = await import('./file-changes.js');
  if (options.dryRun) {
    const left = [...unfinishedFiles(), ...(await askHost(options, 'unfinished', {}))];
    if (options.json) process.stdout.write(`${JSON.stringify(left, undefined, 2)}\n`);
    else process.stdout.write(left.length === 0 ? NOTHING : left.map(unfinishedText).join(''));
    return;
  }
  const finish = options.finish === true;
  // Files first: they do not need the machine to be there.
  const recoveries = [...(await recoverFiles(finish)), ...(await askHost(options, 'recover', { finish }))];
  const { clearUnplacedFiles } = await import('./unplaced-files.js');
  clearUnplacedFiles(options);
  const failed = recoveries.some(({ outcome }) => outcome === 'failed');
  if (failed) process.exitCode = 1;
  if (options.json) {
    process.stdout.write(`${JSON.stringify(recoveries)}\n`);
    return;
  }
  if (recoveries.length === 0) process.stdout.write(NOTHING);
  for (const { change, outcome, why } of recoveries) {
    if (outcome === 'failed')
      process.stderr.write(
        `failed    ${visibleText(`${change.what}: ${why.join('; ')}`)}\nnext  ${nextHere('openslot recover')}\n`,
      );
    else process.stdout.write(`${outcome.padEnd(8)}  ${visibleText(change.what)}\n`);
  }
}

const NOTHING = 'nothing is unfinished\n';

interface UnfinishedText {
  readonly what: string;
  readonly when: string;
  readonly process: number;
  readonly begun: number;
  readonly steps: readonly { readonly what: string; readonly undo?: string }[];
}

function unfinishedText({ what, when, process: id, begun, steps }: UnfinishedText): string {
  const lines = steps.map(
    ({ what: step, undo }, index) =>
      `  ${index < begun ? 'begun' : '     '}  ${step}${index < begun && undo !== undefined ? `   undo: ${undo}` : ''}`,
  );
  // Names of files are in it, which anybody may have given.
  return [`${what}   begun by process ${id} at ${when}`, ...lines]
    .map((line) => `${visibleText(line)}\n`)
    .join('');
}
