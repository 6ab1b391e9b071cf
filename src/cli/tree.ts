/** `openslot tree`: how the functions of a machine hang together, and who has what. */
import type { Command } from 'commander';
import { machineOption, type MachineChoice } from './machine-option.js';
import { colorsOf } from './terminal-colors.js';

interface TreeOptions extends MachineChoice {
  readonly ranges?: boolean;
  readonly numeric?: boolean;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option('--ranges', 'windows of bridges and regions of devices, with their addresses')
    .option('--numeric', 'no names of pci.ids')
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
A bridge stands above what is behind it. Of a link, "8 GT/s x4 of 16 GT/s x4" is what it trained to, and what this end
could. "group" is the IOMMU's, "node" the memory that is near; a function of the pool has its state, or its guest.
The captures that this reads can be of any machine: openslot capture --help.

Examples:
  openslot tree
  openslot tree --ranges --on capture:server.json
  openslot tree --json | jq '.. | select(.link?.degraded?) | .address'`,
    )
    .action(tree);
}

async function tree(options: TreeOptions): Promise<void> {
  const [{ Topology, treeLines, treeOf }, { takeCapture }, { namesInUse }, { givenNames }] =
    await Promise.all([
      import('../look/index.js'),
      import('./machine-capture.js'),
      import('./names-in-use.js'),
      import('./given-names.js'),
    ]);
  const capture = await takeCapture(options, { vpd: false });
  const given = await givenNames(options);
  const buses = treeOf(new Topology(capture), {
    names: options.numeric ? undefined : namesInUse(),
    given: options.json ? given.certain : given.shown,
  });
  if (options.json) {
    const plain = (_key: string, value: unknown) =>
      typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
    process.stdout.write(`${JSON.stringify(buses, plain, 2)}\n`);
    return;
  }
  const emphasize = colorsOf(process.stdout).bold;
  const lines = treeLines(buses, { ranges: options.ranges ?? false, emphasize });
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}
