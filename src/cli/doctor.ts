/** `openslot doctor`: what stands between this host, or a saved one, and handing functions over. */
import { Option, type Command } from 'commander';
import { PURPOSES, type Purpose } from '../admin/doctor/check.js';
import { functionNamed } from './named-function.js';
import { notations, type PciAddress } from '../pci/index.js';
import { parsedSize } from './pinned-size.js';

export function define(command: Command): void {
  command
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

Exit code 1: something stands in the way.

Examples:
  sudo openslot doctor
  sudo openslot doctor 0a:00.0 --for vfio --pin 8G
  openslot doctor --root /tmp/other-host --json`,
    )
    .action(doctor);
}

export interface DoctorOptions {
  readonly for?: Purpose;
  readonly pin?: number;
  readonly root?: string;
  readonly json?: boolean;
}

async function doctor(text: string | undefined, options: DoctorOptions): Promise<void> {
  const address = text === undefined ? undefined : await addressFor(text, options);
  const [{ diagnose }, { examineHost }] = await Promise.all([
    import('../admin/doctor/index.js'),
    import('./doctor-facts.js'),
  ]);
  const { files, facts } = await examineHost(options, address);
  const diagnosis = diagnose(files, facts, { address, purpose: options.for });
  if (diagnosis.purposes.some(({ ready }) => !ready)) process.exitCode = 1;
  if (options.json) {
    process.stdout.write(`${JSON.stringify(diagnosis, undefined, 2)}\n`);
    return;
  }
  const [{ diagnosisLines }, { default: pc }] = await Promise.all([
    import('./doctor-text.js'),
    import('picocolors'),
  ]);
  const colors = pc.createColors(pc.isColorSupported && Boolean(process.stdout.isTTY));
  const lines = diagnosisLines(diagnosis, {
    head: colors.bold,
    fine: colors.green,
    note: colors.yellow,
    stop: colors.red,
  });
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** A name is of a device of this host; a saved one has addresses. */
async function addressFor(text: string, { root }: DoctorOptions): Promise<PciAddress> {
  return root === undefined ? functionNamed(text, {}) : notations.hex.parse(text);
}
