/** `openslot diff`: what is different between two captures, machines, or then and now, in words. */
import type { Command } from 'commander';
import type { Capture } from '../function/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
What is named as --on takes it (linux, sim, qemu:…, capture:FILE) is a machine as it is now; any other text is a file, a
capture or a dump of lspci. A device that stands at another address is found there by its ids and its serial number.
Exit code 0 whether or not there are differences.

Examples:
  openslot diff before.json after.json
  sudo openslot capture before.json; …; sudo openslot diff before.json
  openslot diff before.json --json | jq '.[] | select(.kind == "link")'`,
    )
    .action(diff);
}

async function diff(
  before: string,
  after: string | undefined,
  options: MachineChoice & { readonly json?: boolean },
): Promise<void> {
  const { differenceLines, differencesBetween } = await import('../look/index.js');
  const old = await captureOf(before);
  const now = await (after === undefined ? takeNow(options) : captureOf(after));
  const differences = differencesBetween(old, now);
  if (options.json) process.stdout.write(`${JSON.stringify(differences, undefined, 2)}\n`);
  else if (differences.length === 0) process.stdout.write('nothing is different\n');
  else process.stdout.write(`${differenceLines(differences).join('\n')}\n`);
}

async function captureOf(text: string): Promise<Capture> {
  const { isMachineName } = await import('../machines/index.js');
  return takeNow({ on: isMachineName(text) ? text : `capture:${text}` });
}

async function takeNow(choice: MachineChoice): Promise<Capture> {
  const { takeCapture } = await import('./machine-capture.js');
  return takeCapture(choice, { vpd: false });
}
