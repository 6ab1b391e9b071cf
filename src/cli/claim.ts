/** `openslot claim`: takes a function from its host driver into the pool. */
import type { Command } from 'commander';
import { notations } from '../pci/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
On Xen the function is then kept by xen-pciback where that is loaded, quarantined by the IOMMU, and assignable for xl.
Elsewhere it is kept by having no driver. Its former driver is remembered until release or the next boot.

Examples:
  openslot claim 0a:00.0
  openslot claim 0000:0a:00.0 --json`,
    )
    .action(claim);
}

async function claim(text: string, options: MachineChoice & { json?: boolean }): Promise<void> {
  const address = notations.hex.parse(text);
  const { changeClaim } = await import('./ownership.js');
  const report = await changeClaim('claim', address, options);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const from = report.formerDriver === undefined ? 'it had no driver' : `from ${report.formerDriver}`;
  const by = report.holder === undefined ? 'kept without a driver' : `held by ${report.holder}`;
  process.stdout.write(
    `${report.address} is in the pool: ${from}, ${by}${report.quarantined ? ', in quarantine until a guest has it' : ''}\n`,
  );
}
