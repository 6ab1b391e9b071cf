#!/usr/bin/env node
/** The command line: which commands there are, and how their errors end the process. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { claimCommand } from './claim.js';
import { listCommand } from './list.js';
import { releaseCommand } from './release.js';
import { serveCommand } from './serve.js';
import { showCommand } from './show.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('openslot')
  .description('Hand a PCI function over: to a guest of a hypervisor, or to a program of your own.')
  .version(version)
  .showSuggestionAfterError()
  .configureHelp({ sortSubcommands: false })
  .addHelpText(
    'after',
    `
Examples:
  openslot list                     what is there, and who drives it
  openslot show 0a:00.0             a function's registers, by name
  openslot claim 0a:00.0            take it from its host driver into the pool
  openslot serve                    be the back end for Xen guests (domain 0, as root)
  openslot release 0a:00.0          give it back to the driver it had

A guest gets a claimed function by  pci = ['0a:00.0']  in its xl configuration.

Exit codes: 0 done; 1 refused, with a stable code and the next step; 2 a wrong command line.`,
  )
  .exitOverride();

for (const command of [listCommand, showCommand, claimCommand, releaseCommand, serveCommand]) {
  program.addCommand(command().exitOverride());
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else
    process.exitCode = (await import('./failure.js')).reportFailure(error, process.argv.includes('--json'));
}
