/** `openslot explain`: why a function is as it is, as findings with their evidence. */
import type { Command } from 'commander';
import type { Explanation } from '../look/index.js';
import { FunctionNotFoundError } from '../function/errors.js';
import type { PciAddress } from '../pci/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import { functionNamed } from './named-function.js';
import { withNextHere } from './next-command.js';
import { colorsOf } from './terminal-colors.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
Registers are read, nothing is changed: both ends of a link, the windows of the bridges above a BAR, the lists of
capabilities, what can reset the function and why the rest cannot. Without an address: all functions that have a fault
or run below what they could. Each finding has a code that docs/looking.md tells of.

Examples:
  openslot explain --on capture:server.json
  sudo openslot explain 0a:00.0
  openslot explain 0a:00.0 --json | jq '.[] | select(.code == "RESET_METHODS").evidence'`,
    )
    .action(explain);
}

async function explain(
  text: string | undefined,
  options: MachineChoice & { readonly json?: boolean },
): Promise<void> {
  const address = text === undefined ? undefined : await functionNamed(text, options);
  const [look, { takeCapture }] = await Promise.all([
    import('../look/index.js'),
    import('./machine-capture.js'),
  ]);
  const capture = await takeCapture(options, { vpd: false });
  const topology = new look.Topology(capture);
  if (address !== undefined && topology.at(address) === undefined)
    throw new FunctionNotFoundError(address, capture.machine);
  const addresses = address === undefined ? capture.functions.map((fn) => fn.address) : [address];
  const found = addresses.flatMap((of) =>
    withNextHere(
      look
        .explain(topology, of)
        // Asked about everything, what is merely worth knowing would hide the rest.
        .filter(({ weight }) => address !== undefined || weight !== 'note'),
    ).map((each) => ({ address: of, ...each })),
  );
  if (options.json) {
    process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
    return;
  }
  if (found.length === 0) {
    const what = address === undefined ? 'any function' : String(address);
    process.stdout.write(`nothing is to be said of ${what}\n`);
    return;
  }
  process.stdout.write(
    explanationLines(found, colorsOf(process.stdout).bold)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

function explanationLines(
  found: readonly (Explanation & { readonly address: PciAddress })[],
  emphasize: (line: string) => string,
): string[] {
  const lines: string[] = [];
  let last: number | undefined;
  for (const { address, code, weight, what, details = [], why, next } of found) {
    if (address.sbdf !== last) lines.push(...(last === undefined ? [] : ['']), String(address));
    last = address.sbdf;
    const head = `  ${weight.padEnd(6)} ${code}`;
    const below = [what, ...details, why].map((line) => `         ${line}`);
    lines.push(weight === 'note' ? head : emphasize(head), ...below);
    if (next !== '') lines.push(`         try: ${next}`);
  }
  return lines;
}
