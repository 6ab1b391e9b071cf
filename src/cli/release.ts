/** `openslot release`: gives a function back to the driver it had. */
import type { Command } from 'commander';
import { machineOption, type MachineChoice } from './machine-option.js';
import { functionNamed } from './named-function.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
A function that a guest has is not released: take it back from the guest first.

Examples:
  openslot release 0a:00.0`,
    )
    .action(release);
}

async function release(text: string, options: MachineChoice & { json?: boolean }): Promise<void> {
  const address = await functionNamed(text, options);
  const { changeClaim } = await import('./ownership.js');
  const report = await changeClaim('release', address, options);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const to =
    report.formerDriver === undefined
      ? 'it had no driver, and has none'
      : `its driver is ${report.formerDriver}`;
  process.stdout.write(`${report.address} is the host's again: ${to}\n`);
}
