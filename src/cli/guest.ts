/** `openslot guest`: programs as guests of the simulated machine. */
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { GuestInfo } from '../admin/index.js';
import type { OwnerResults, RequestName, RequestParameters, Wire } from '../owner/index.js';
import { machineOption, requireSim, RUNNING_SIM, type MachineChoice } from './machine-option.js';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** `16M`, `65536`. */
function bytes(text: string): number {
  const match = /^(\d+)([KMG]?)$/i.exec(text);
  const unit = UNITS[match?.[2]?.toUpperCase() ?? ''];
  if (match === null || unit === undefined)
    throw new InvalidArgumentError('It is a number of bytes, or like 16M.');
  return Number(match[1]) * unit;
}

export function define(command: Command): void {
  command.addHelpText(
    'after',
    `
A guest program is a JavaScript module. Its default function gets the guest's bus, store and platform:

  export default async function ({ xpci, store }) {
    for await (const change of xpci.changes()) {
      if (change.change !== 'attached') continue;
      console.log(String(change.address), xpci.open(change.address).config.read(0, 4).toString(16));
    }
  }

What it prints appears at the owner (openslot demo --keep, openslot serve --on sim). When the function settles, or the
program throws, the guest ends, and what it had goes back to the pool.

Examples:
  openslot guest run my-driver.js --name test --memory 32M --on sim
  openslot guest run my-driver.js --on sim -- --an-option=of-the-program
  openslot guest list --on sim
  openslot guest shutdown test --on sim
  openslot guest destroy test --on sim`,
  );
  command
    .command('run <file> [arguments...]')
    .description('start a program as a guest')
    .option('--name <name>', "the guest's name (default: the file's)")
    .option('--memory <bytes>', 'its memory for pages and DMA, like 16M', bytes)
    .option('--paused', 'make it, and do not start it: for functions that are attached cold')
    .addOption(machineOption(RUNNING_SIM))
    .option('--json', 'print data')
    .action(run);
  command
    .command('list')
    .description('list the guests')
    .addOption(machineOption(RUNNING_SIM))
    .option('--json', 'print data')
    .action(list);
  command
    .command('unpause <guest>')
    .description('start a guest that was made paused')
    .addOption(machineOption(RUNNING_SIM))
    .option('--json', 'print data')
    .action(async (guest: string, options: GuestCommandOptions) => {
      const info = await askOwner(options, 'guest_unpause', { guest });
      report(info, options, `guest ${info.name} runs (domain ${info.domain})`);
    });
  command
    .command('shutdown <guest>')
    .description('ask a guest to end; whether it does is its own')
    .addOption(machineOption(RUNNING_SIM))
    .action(async (guest: string, choice: MachineChoice) => {
      const { name, domain } = await askOwner(choice, 'guest_shutdown', { guest });
      print(`guest ${name} (domain ${domain}) is asked to end`);
    });
  command
    .command('destroy <guest>')
    .description('end a guest wherever it is; by name or domain id')
    .addOption(machineOption(RUNNING_SIM))
    .option('--json', 'print data')
    .action(async (guest: string, options: GuestCommandOptions) => {
      const info = await askOwner(options, 'guest_destroy', { guest });
      const { name, domain } = info;
      report(
        info,
        options,
        `guest ${name} (domain ${domain}) is destroyed, and what it had is on its way back`,
      );
    });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

interface GuestCommandOptions extends MachineChoice {
  json?: boolean;
}

/** The guest as data where that is wanted, else what became of it in words. */
function report(info: Wire<GuestInfo>, { json }: GuestCommandOptions, text: string): void {
  print(json ? JSON.stringify(info) : text);
}

/** @throws {GuestsElsewhereError | SimNotRunningError | OwnerRefusedError} */
async function askOwner<Name extends RequestName>(
  choice: MachineChoice,
  request: Name,
  parameters: RequestParameters<Name>,
): Promise<Wire<OwnerResults[Name]>> {
  requireSim(choice);
  const { askSim } = await import('./machine-view.js');
  return askSim(request, parameters);
}

interface RunOptions extends GuestCommandOptions {
  name?: string;
  memory?: number;
  paused?: boolean;
}

async function run(file: string, words: string[], options: RunOptions): Promise<void> {
  const { on, json: _, ...wanted } = options;
  // The owner may stand in another directory.
  const info = await askOwner(on === undefined ? {} : { on }, 'guest_run', {
    ...wanted,
    file: resolve(file),
    arguments: words,
  });
  const state = info.state === 'paused' ? 'is made, paused' : 'runs';
  report(info, options, `guest ${info.name} ${state} (domain ${info.domain})`);
}

async function list(options: GuestCommandOptions): Promise<void> {
  const guests = await askOwner(options, 'guest_list', {});
  if (options.json) {
    print(JSON.stringify(guests, undefined, 2));
    return;
  }
  const [{ printTable }, { sizeText }] = await Promise.all([import('./table.js'), import('./size-text.js')]);
  printTable(
    ['DOMAIN', 'NAME', 'STATE', 'MEMORY', 'PROGRAM'],
    guests.map(({ domain, name, state, memory, file }) => [
      String(domain),
      name,
      state,
      sizeText(memory),
      file,
    ]),
  );
}
