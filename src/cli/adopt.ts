/** `openslot adopt`: takes functions over that other tools have taken from the host, as they stand. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Adopted } from '../admin/index.js';
import { DRIVERCTL_FOLDER, driverctlFileName } from '../boot/driverctl/index.js';
import type { Wire } from '../owner/index.js';
import { notations } from '../pci/index.js';
import { dryRunOption, printPlan, type DryRunChoice } from './dry-run.js';
import { machineOption, POOL_MACHINES, type MachineChoice } from './machine-option.js';

interface AdoptOptions extends MachineChoice, DryRunChoice {
  readonly giveBack?: boolean;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(machineOption(POOL_MACHINES))
    .option('--give-back', 'leave what was adopted to the tools it came from, as it stands')
    .addOption(dryRunOption())
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
Takes over what xen-pciback, vfio-pci or uio_pci_generic hold and openslot did not claim: by xl pci-assignable-add, by
driverctl, by ids at the boot. Only records are written: no driver is touched, and a guest or a process that has a
function keeps it. From then on openslot lists, attaches and releases them as what it claimed itself.

A release gives a function to the driver that libxl remembers, else to one that is loaded and knows the function.
What hides functions at the boot stays: driverctl's files, options of the kernel.

Examples:
  openslot adopt --dry-run     what would be taken over, and who has it
  openslot adopt
  openslot adopt --give-back`,
    )
    .action(adopt);
}

async function adopt(options: AdoptOptions): Promise<void> {
  const { askHost } = await import('./ownership.js');
  const giveBack = options.giveBack === true;
  if (options.dryRun) {
    const plan = await askHost(options, 'plan_adopt', { giveBack });
    if (!options.json) for (const fn of plan.functions) process.stdout.write(`${whoHas(fn)}\n`);
    await printPlan(plan, options);
    return;
  }
  const functions = await askHost(options, 'adopt', { giveBack });
  if (options.json) {
    process.stdout.write(`${JSON.stringify(functions)}\n`);
    return;
  }
  if (functions.length === 0)
    process.stdout.write(giveBack ? 'nothing is adopted\n' : 'no other tool has taken anything\n');
  for (const fn of functions) {
    const { address, by } = fn;
    process.stdout.write(giveBack ? `${address} is left to ${BY[by] ?? by}\n` : `adopted ${whoHas(fn)}\n`);
    const file = join(DRIVERCTL_FOLDER, driverctlFileName(notations.hex.parse(address)));
    if (!giveBack && existsSync(file))
      process.stdout.write(
        `  at each boot ${file} gives it to its holder; driverctl unset-override ends that\n`,
      );
  }
}

const BY: Readonly<Record<string, string>> = {
  xl: 'xl',
  driver_override: 'whoever set driver_override (driverctl, virsh)',
  ids: 'the boot, or ids of the driver',
};

function whoHas({ address, holder, by, formerDriver, takenBy }: Wire<Adopted>): string {
  const back =
    formerDriver === undefined ? 'no driver is known for a release' : `a release gives it to ${formerDriver}`;
  const now = takenBy.length === 0 ? 'nobody has it' : `${takenBy.join(', ')} has it, and keeps it`;
  return `${address}: held by ${holder ?? 'nobody'}, by ${BY[by] ?? by}; ${back}; ${now}`;
}
