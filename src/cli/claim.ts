/** `openslot claim`: takes a function from its host driver into the pool. */
import { Option, type Command } from 'commander';
import { CLAIM_PURPOSES, type ClaimPurpose } from '../admin/claim-purpose.js';
import type { ClaimReport } from '../admin/host-claims.js';
import { TAKING_ALLOWABLE } from '../admin/findings/errors.js';
import type { FindingName } from '../admin/findings/finding.js';
import type { Wire } from '../owner/index.js';
import { allowOption } from './allow-option.js';
import { criticalFunctions, criticalOption, type CriticalChoice } from './critical-option.js';
import { machineOption, POOL_MACHINES, type MachineChoice } from './machine-option.js';
import { functionsNamed } from './named-function.js';
import { dryRunOption, printPlan, type DryRunChoice } from './dry-run.js';
import { nextHere } from './next-command.js';

export function define(command: Command): void {
  command
    .addOption(machineOption(POOL_MACHINES))
    .addOption(
      new Option('--for <whom>', 'who will drive it: guests of Xen, programs by VFIO, or by UIO').choices(
        CLAIM_PURPOSES,
      ),
    )
    .addOption(allowOption(TAKING_ALLOWABLE))
    .addOption(criticalOption())
    .addOption(dryRunOption())
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
On Xen the function is then kept by xen-pciback where that is loaded, quarantined by the IOMMU, and assignable for xl.
Elsewhere it is kept by having no driver. Its former driver is remembered until release or the next boot.

--for vfio   vfio-pci keeps it: programs have registers, interrupts, DMA behind the IOMMU, reset (docs/linux.md)
--for uio    uio_pci_generic keeps it: registers and INTx, without an IOMMU and without DMA
--for xen    as if nothing were said, and refused where no Xen runs

What the host does with it is looked at first. Refused is a function that has a mounted file system, swap, a default
route, a session of somebody who is logged in, or the console: such a one is taken only when it is named again,
--even-if-critical 0a:00.0. Refused is also one that is part of an array or a pool, has interfaces with addresses, open
device files, virtual functions, or memory that firmware reserves for it: --allow accepts it by name.
openslot show lists it beforehand.

Several functions are claimed as one change: all of them, or none. Each step is written down before it happens, so that
a claim that is killed can be taken back, or gone on with: openslot recover.

Examples:
  openslot claim 0a:00.0
  openslot claim 0a:00.0 0a:00.1 --dry-run
  openslot claim 0a:00.0 --allow network
  openslot claim --for vfio 0a:00.0
  openslot claim 0000:0a:00.0 --json`,
    )
    .action(claim);
}

interface ClaimOptions extends MachineChoice, CriticalChoice, DryRunChoice {
  readonly allow: readonly FindingName[];
  readonly json?: boolean;
  readonly for?: ClaimPurpose;
}

async function claim(texts: readonly string[], options: ClaimOptions): Promise<void> {
  const addresses = await functionsNamed(texts, options);
  const { askHost } = await import('./ownership.js');
  const wish = {
    addresses: addresses.map(String),
    ...(options.for === undefined ? {} : { purpose: options.for }),
    allow: [...options.allow],
    evenIfCritical: (await criticalFunctions(options)).map(String),
  };
  if (options.dryRun) {
    await printPlan(await askHost(options, 'plan_claim', wish), options);
    return;
  }
  const reports = await askHost(options, 'claim', wish);
  for (const report of reports)
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `${claimed(report)}\n`);
}

function claimed({ address, formerDriver, holder, quarantined, others = [] }: Wire<ClaimReport>): string {
  const from = formerDriver === undefined ? 'it had no driver' : `from ${formerDriver}`;
  const by = holder === undefined ? 'kept without a driver' : `held by ${holder}`;
  const until = quarantined ? ', in quarantine until a guest has it' : '';
  const text = `${address} is in the pool: ${from}, ${by}${until}`;
  if (others.length === 0) return text;
  const named = others.map((other) => `${other.address} (${other.driver})`).join(', ');
  return [
    text,
    `The IOMMU does not tell it from ${named}: VFIO gives it to no program before the host's drivers have let go of them.`,
    ...others.map((other) => `next  ${nextHere(`openslot claim --for vfio ${other.address}`)}`),
  ].join('\n');
}
