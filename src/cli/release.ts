/** `openslot release`: gives a function back to the driver it had. */
import { Command } from 'commander';
import { ADDRESS_ARGUMENT, ADDRESS_HELP, parseAddress } from './address-argument.js';
import { machineOption, type MachineChoice } from './machine-option.js';

export function releaseCommand(): Command {
  return new Command('release')
    .description('give a free function of the pool back to the driver it had')
    .argument(ADDRESS_ARGUMENT, ADDRESS_HELP)
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
  const address = parseAddress(text);
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
  process.stdout.write(`${String(report.address)} is the host's again: ${to}\n`);
}
