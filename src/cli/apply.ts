/** `openslot apply`: makes a host as a file wants it. */
import type { Command } from 'commander';
import type { Deed, FoundFunction } from '../admin/desired/index.js';
import type { PrintedPlan } from '../admin/plan/plan-text.js';
import { dryRunOption, printPlan, type DryRunChoice } from './dry-run.js';
import type { HostDifference } from './host-difference.js';
import { machineOption, type MachineChoice } from './machine-option.js';

interface ApplyOptions extends MachineChoice, DryRunChoice {
  readonly diff?: boolean;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option('--diff', 'print what is different from what is wanted, and change nothing')
    .addOption(dryRunOption())
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
The file says for each function its name, or its address with its ids, and what is wanted of it:

  functions:
    - function: 0a:00.0
      device: 8086:10d3        # what must stand there
      name: nic-dmz            # the name that it is given
      claim: xen               # xen, vfio, uio, pool; none: the host has it
      guest: web               # who has it while that guest runs
      slot: 5
      policy: nic.yaml         # what guests may write in it, beside this file
      allow: [no-reset]

All is looked at first: where something cannot be had, everything that stands against it is told with its line, and
nothing is changed. What is so already is left alone, so that the same file can be applied at every boot
(systemd/openslot-apply.service). Functions that are not in the file are left alone, and nothing is taken from a guest.
Names, policies, releases and claims are all made or none; then each guest is given its functions, all of them or none.

Examples:
  openslot apply /etc/openslot/functions.yaml --diff
  openslot apply /etc/openslot/functions.yaml --dry-run
  openslot apply /etc/openslot/functions.yaml`,
    )
    .action(apply);
}

async function apply(file: string, options: ApplyOptions): Promise<void> {
  const { hostDifference } = await import('./host-difference.js');
  const difference = await hostDifference(file, options);
  if (options.diff) {
    const { differenceLines } = await import('../admin/desired/index.js');
    tell(options, difference, [
      ...differenceLines(difference.functions, difference),
      lastWords(file, difference, false),
    ]);
    return;
  }
  const { applying } = await import('./applying.js');
  const work = applying(difference, options);
  if (options.dryRun) {
    const plan: PrintedPlan = await work.plan(`apply ${file}`);
    await printPlan(plan, options);
    return;
  }
  await work.run();
  tell(options, difference, [...difference.deeds.map(doneLine), lastWords(file, difference, true)]);
}

function lastWords(file: string, { deeds }: HostDifference, done: boolean): string {
  if (deeds.length === 0) return `all is as ${file} wants it`;
  return done ? `all is now as ${file} wants it` : 'nothing was changed';
}

function doneLine(deed: Deed): string {
  const { address } = deed.found;
  switch (deed.kind) {
    case 'name':
      return `${address} is ${deed.name}`;
    case 'policy':
      return `${deed.policy.file} is what guests may write in ${address}`;
    case 'claim':
      return `${address} is in the pool`;
    case 'release':
      return `${address} is the host's again`;
    case 'attach':
      return `${address} is given to ${deed.guest}`;
  }
}

function tell({ json }: ApplyOptions, difference: HostDifference, lines: readonly string[]): void {
  const { deeds, waiting } = difference;
  if (json) {
    const data = {
      differences: deeds.map(deedData),
      waiting: waiting.map(({ found, why }) => ({ address: String(found.address), why })),
    };
    process.stdout.write(`${JSON.stringify(data)}\n`);
    return;
  }
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  for (const { why } of waiting) process.stderr.write(`note  ${why}\n`);
}

function deedData({ found, ...deed }: Deed): object {
  const address = String((found satisfies FoundFunction).address);
  return deed.kind === 'policy'
    ? { address, kind: deed.kind, policy: deed.policy.file }
    : { address, ...deed };
}
