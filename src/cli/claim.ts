/** `openslot claim`: takes a function from its host driver into the pool. */
import { Option, type Command } from 'commander';
import { CLAIM_PURPOSES, type ClaimPurpose } from '../admin/claim-purpose.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import { functionNamed } from './named-function.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .addOption(
      new Option('--for <whom>', 'who will drive it: guests of Xen, programs by VFIO, or by UIO').choices(
        CLAIM_PURPOSES,
      ),
    )
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
On Xen the function is then kept by xen-pciback where that is loaded, quarantined by the IOMMU, and assignable for xl.
Elsewhere it is kept by having no driver. Its former driver is remembered until release or the next boot.

--for vfio   vfio-pci keeps it: programs have registers, interrupts, DMA behind the IOMMU, reset (docs/linux.md)
--for uio    uio_pci_generic keeps it: registers and INTx, without an IOMMU and without DMA
--for xen    as if nothing were said, and refused where no Xen runs

Examples:
  openslot claim 0a:00.0
  openslot claim --for vfio 0a:00.0
  openslot claim 0000:0a:00.0 --json`,
    )
    .action(claim);
}

interface ClaimOptions extends MachineChoice {
  readonly json?: boolean;
  readonly for?: ClaimPurpose;
}

async function claim(text: string, options: ClaimOptions): Promise<void> {
  const address = await functionNamed(text, options);
  const { changeClaim } = await import('./ownership.js');
  const report = await changeClaim('claim', address, options, options.for);
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
