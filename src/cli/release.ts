/** `openslot release`: gives a function back to the driver it had. */
import type { Command } from 'commander';
import { machineOption, POOL_MACHINES, type MachineChoice } from './machine-option.js';
import { dryRunOption, printPlan, type DryRunChoice } from './dry-run.js';
import { functionsNamed } from './named-function.js';

export function define(command: Command): void {
  command
    .addOption(machineOption(POOL_MACHINES))
    .addOption(dryRunOption())
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
A function that a guest has is not released: take it back from the guest first. Several functions
are released as one change: all of them, or none.

Examples:
  openslot release 0a:00.0
  openslot release 0a:00.0 0a:00.1 --dry-run`,
    )
    .action(release);
}

interface ReleaseOptions extends MachineChoice, DryRunChoice {
  readonly json?: boolean;
}

async function release(texts: readonly string[], options: ReleaseOptions): Promise<void> {
  const addresses = (await functionsNamed(texts, options)).map(String);
  const { askHost } = await import('./ownership.js');
  if (options.dryRun) {
    await printPlan(await askHost(options, 'plan_release', { addresses }), options);
    return;
  }
  for (const report of await askHost(options, 'release', { addresses })) {
    const { address, formerDriver, gone } = report;
    const to =
      formerDriver === undefined ? 'it had no driver, and has none' : `its driver is ${formerDriver}`;
    const text = gone === true ? 'is not there any more, and is forgotten' : `is the host's again: ${to}`;
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `${address} ${text}\n`);
  }
}
