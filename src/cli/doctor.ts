/** `openslot doctor`: what stands between this host, or a saved one, and handing functions over. */
import { Option, type Command } from 'commander';
import { PURPOSES, type Purpose } from '../admin/doctor/check.js';
import { notations, type PciAddress } from '../pci/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import { functionNamed } from './named-function.js';
import { parsedSize } from './pinned-size.js';
import { withNextHere } from './next-command.js';
import { colorsOf } from './terminal-colors.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .addOption(
      new Option(
        '--for <purpose>',
        'only what this needs: guests of Xen, VFIO, or files for programs',
      ).choices(PURPOSES),
    )
    .addOption(
      new Option(
        '--pin <size>',
        'memory that a program or a virtual machine maps for DMA: 64M, 8G',
      ).argParser(parsedSize),
    )
    .option(
      '--root <directory>',
      'examine a saved host: a tree with its /proc, /sys, /etc, /dev and /lib/modules',
    )
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
Goes from firmware over the kernel's command line, modules, IOMMU and limits to device files, FUSE and Xen; with an address
also through the function's group, driver, users, reset and power. Each answer is fine, or the cause: its evidence, why it
matters, and what to do. Nothing is changed. Every code is in docs/doctor.md. Without --for: what this host can be for.
Of a simulated host on disk (--on sim:DIR) its function and its pool are asked.

Exit code 1: something stands in the way.

Examples:
  sudo openslot doctor
  sudo openslot doctor 0a:00.0 --for vfio --pin 8G
  openslot doctor --root /tmp/other-host --json`,
    )
    .action(doctor);
}

interface DoctorOptions extends MachineChoice {
  readonly for?: Purpose;
  readonly pin?: number;
  readonly root?: string;
  readonly json?: boolean;
}

async function doctor(text: string | undefined, options: DoctorOptions): Promise<void> {
  const address = text === undefined ? undefined : await functionAt(text, options);
  const [{ diagnose }, { examineHost }] = await Promise.all([
    import('../admin/doctor/index.js'),
    import('./doctor-facts.js'),
  ]);
  const { files, facts, layers, ...can } = await examineHost(options, address);
  const purposes = options.for === undefined ? can.purposes : [options.for];
  const found = diagnose(files, facts, { address, purposes, layers });
  const checks = found.checks.map((check) => ({ ...check, causes: withNextHere(check.causes) }));
  const diagnosis = { ...found, checks };
  if (diagnosis.purposes.some(({ ready }) => !ready)) process.exitCode = 1;
  if (options.json) {
    process.stdout.write(`${JSON.stringify(diagnosis, undefined, 2)}\n`);
    return;
  }
  const { diagnosisLines } = await import('./doctor-text.js');
  const colors = colorsOf(process.stdout);
  const lines = diagnosisLines(diagnosis, {
    head: colors.bold,
    fine: colors.green,
    note: colors.yellow,
    stop: colors.red,
  });
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Names are of this host: a saved one has addresses alone. */
async function functionAt(text: string, options: DoctorOptions): Promise<PciAddress> {
  return options.root === undefined ? functionNamed(text, options) : notations.hex.parse(text);
}
