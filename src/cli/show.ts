/** `openslot show`: one function's registers, decoded by name. */
import { Option, type Command } from 'commander';
import type { PciAddress } from '../pci/index.js';
import { givenNames } from './given-names.js';
import { addLspciSwitches, givenSwitches, lspciOptions, type LspciSwitches } from './lspci-options.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import { inspectFunction } from './machine-view.js';
import { functionsNamed } from './named-function.js';
import { nameData, namesInUse } from './names-in-use.js';
import { withNextHere } from './next-command.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option('--numeric', 'no names of pci.ids')
    .option('--bits', "draw each register's bits with its fields below them")
    .option('--json', 'print data: openslot schema show tells its form')
    .addOption(
      new Option(
        '--format <format>',
        'openslot: one function, all that is known; lspci: the text of lspci 3.13.0, of all functions or of those named',
      )
        .choices(['openslot', 'lspci'])
        .default('openslot'),
    );
  addLspciSwitches(command);
  command
    .addHelpText(
      'after',
      `
Without root the kernel shows 64 bytes of configuration space: the header, no capabilities.

Examples:
  openslot show 0a:00.0
  openslot show 0a:00.0 --bits | less
  openslot show 0a:00.0 --json | jq '.decoded.capabilities[].name'
  openslot show --format lspci -vvnn -s 0a:
  openslot show --format lspci -tv --on capture:server.json`,
    )
    .action((texts: readonly string[], options: ShowOptions) => show(texts, options, command));
}

interface ShowOptions extends MachineChoice, LspciSwitches {
  readonly bits?: boolean;
  readonly format: 'openslot' | 'lspci';
  readonly json?: boolean;
  readonly numeric?: boolean;
}

async function show(texts: readonly string[], options: ShowOptions, command: Command): Promise<void> {
  const addresses = await functionsNamed(texts, options);
  if (options.format === 'lspci') {
    if (options.json || options.bits)
      command.error(`error: ${options.json ? '--json' : '--bits'} is no part of lspci's text`);
    await showAsLspci(addresses, options);
    return;
  }
  const [switched] = givenSwitches(options);
  if (switched !== undefined) command.error(`error: ${switched} is a switch of --format lspci`);
  const [address, ...others] = addresses;
  if (address === undefined) command.error("error: missing required argument 'address'");
  if (others.length > 0) command.error('error: several functions at once are shown with --format lspci');
  await showFunction(address, options);
}

/** How much text is written at once: the pieces of more would live long enough for the collector to move them. */
const CHUNK = 1 << 14;

async function showAsLspci(addresses: readonly PciAddress[], options: ShowOptions): Promise<void> {
  const [asked, { takeCapture }, { lspciParts }] = await Promise.all([
    lspciOptions(options),
    import('./machine-capture.js'),
    import('../look/lspci/index.js'),
  ]);
  // What leads to a function is drawn with it, so it has to be known; vital product data is shown from -vv on.
  const whole = addresses.length === 0 || asked.tree || asked.path > 0;
  const capture = await takeCapture(options, {
    ...(whole ? {} : { addresses }),
    vpd: asked.verbosity > 1 && asked.machine === 0 && !asked.tree,
  });
  const wanted = {
    ...asked,
    ...(options.numeric ? { ids: 'numbers' as const } : {}),
    ...(addresses.length > 0 ? { only: new Set(addresses.map(({ sbdf }) => sbdf)) } : {}),
  };
  let text = '';
  for (const part of lspciParts(capture, namesInUse(), wanted)) {
    text += part;
    if (text.length < CHUNK) continue;
    process.stdout.write(text);
    text = '';
  }
  process.stdout.write(text);
}

async function showFunction(address: PciAddress, options: ShowOptions): Promise<void> {
  const inspected = await inspectFunction(options, address);
  const facts = { ...inspected, findings: withNextHere(inspected.findings) };
  const { summary } = facts;
  const given = await givenNames(options);
  const names = options.numeric || summary === undefined ? undefined : nameData(namesInUse(), summary);
  if (options.json) {
    const { showData } = await import('./show-data.js');
    process.stdout.write(
      `${JSON.stringify(showData(address, facts, names, given.certain.get(address.sbdf)), undefined, 2)}\n`,
    );
    return;
  }
  const { functionLines } = await import('./function-text.js');
  const { bits = false } = options;
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  process.stdout.write(
    `${functionLines(address, facts, { bits, names, columns, givenName: given.shown.get(address.sbdf) }).join('\n')}\n`,
  );
}
