/** `openslot show`: one function's registers, decoded by name. */
import type { Command } from 'commander';
import { notations } from '../pci/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option('--numeric', 'no names of pci.ids')
    .option('--bits', "draw each register's bits with its fields below them")
    .option('--json', 'print data: openslot schema show tells its form')
    .addHelpText(
      'after',
      `
Without root the kernel shows 64 bytes of configuration space: the header, no capabilities.

Examples:
  openslot show 0a:00.0
  openslot show 0a:00.0 --bits | less
  openslot show 0a:00.0 --json | jq '.decoded.capabilities[].name'`,
    )
    .action(show);
}

interface ShowOptions extends MachineChoice {
  readonly bits?: boolean;
  readonly json?: boolean;
  readonly numeric?: boolean;
}

async function show(text: string, options: ShowOptions): Promise<void> {
  const address = notations.hex.parse(text);
  const [{ inspectFunction }, { nameData, namesInUse }] = await Promise.all([
    import('./machine-view.js'),
    import('./names-in-use.js'),
  ]);
  const facts = await inspectFunction(options, address);
  const { summary } = facts;
  const names = options.numeric || summary === undefined ? undefined : nameData(namesInUse(), summary);
  if (options.json) {
    const { showData } = await import('./show-data.js');
    process.stdout.write(`${JSON.stringify(showData(address, facts, names), undefined, 2)}\n`);
    return;
  }
  const { functionLines } = await import('./function-text.js');
  const { bits = false } = options;
  process.stdout.write(`${functionLines(address, facts, { bits, names }).join('\n')}\n`);
}
