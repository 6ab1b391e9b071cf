/** `openslot claim`: takes a function from its host driver into the pool. */
import { Option, type Command } from 'commander';
import { CLAIM_PURPOSES, type ClaimPurpose } from '../admin/claim-purpose.js';
import { TAKING_ALLOWABLE } from '../admin/findings/errors.js';
import type { FindingName } from '../admin/findings/finding.js';
import { notations } from '../pci/index.js';
import { allowOption } from './allow-option.js';
import { criticalOption, type CriticalChoice } from './critical-option.js';
import { machineOption, type MachineChoice } from './machine-option.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .addOption(
      new Option('--for <whom>', 'who will drive it: guests of Xen, programs by VFIO, or by UIO').choices(
        CLAIM_PURPOSES,
      ),
    )
    .addOption(allowOption(TAKING_ALLOWABLE))
    .addOption(criticalOption())
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

Examples:
  openslot claim 0a:00.0
  openslot claim 0a:00.0 --allow network
  openslot claim --for vfio 0a:00.0
  openslot claim 0000:0a:00.0 --json`,
    )
    .action(claim);
}

interface ClaimOptions extends MachineChoice, CriticalChoice {
  readonly allow: readonly FindingName[];
  readonly json?: boolean;
  readonly for?: ClaimPurpose;
}

async function claim(text: string, options: ClaimOptions): Promise<void> {
  const address = notations.hex.parse(text);
  const { changeClaim } = await import('./ownership.js');
  const report = await changeClaim('claim', address, options, options.for, {
    allowed: options.allow,
    evenIfCritical: options.evenIfCritical,
  });
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const from = report.formerDriver === undefined ? 'it had no driver' : `from ${report.formerDriver}`;
  const by = report.holder === undefined ? 'kept without a driver' : `held by ${report.holder}`;
  process.stdout.write(
    `${report.address} is in the pool: ${from}, ${by}${report.quarantined ? ', in quarantine until a guest has it' : ''}\n`,
  );
  const { others = [] } = report;
  if (others.length === 0) return;
  const named = others.map((other) => `${other.address} (${other.driver})`).join(', ');
  process.stdout.write(
    `The IOMMU does not tell it from ${named}: VFIO gives it to no program before the host's drivers have let go of them.\n` +
      others.map((other) => `next: openslot claim --for vfio ${other.address}\n`).join(''),
  );
}
