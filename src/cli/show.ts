/** `openslot show`: one function's registers, decoded by name. */
import type { Command } from 'commander';
import { notations } from '../pci/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option('--numeric', 'no names of pci.ids')
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
Without root the kernel shows 64 bytes of configuration space: the header, no capabilities.

Examples:
  openslot show 0a:00.0
  openslot show 0a:00.0 --json | jq '.decoded.capabilities[].name'`,
    )
    .action(show);
}

interface ShowOptions extends MachineChoice {
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
    const plain = (_key: string, value: unknown) =>
      typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
    process.stdout.write(
      `${JSON.stringify({ address, ...facts, ...(names === undefined ? {} : { names }) }, plain, 2)}\n`,
    );
    return;
  }
  const { functionLines } = await import('./function-text.js');
  process.stdout.write(`${functionLines(address, facts, names).join('\n')}\n`);
}
