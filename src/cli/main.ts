#!/usr/bin/env node
/** The command line: what it says of itself, and how errors end the process. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addCommands } from './command-table.js';

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
  openslot demo                     all of it, without hardware
  openslot list                     what is there, and who drives it
  openslot show 0a:00.0             a function's registers, by name
  openslot claim 0a:00.0            take it from its host driver into the pool
  openslot serve                    be the back end for Xen guests (domain 0, as root)
  openslot attach web 0a:00.0       give it to the guest web, while that runs
  openslot detach web 0a:00.0       and take it back
  openslot release 0a:00.0          give it back to the driver it had

A guest also gets a claimed function by  pci = ['0a:00.0']  in its xl configuration.

Exit codes: 0 done; 1 refused, with a stable code and the next step; 2 a wrong command line.`,
  )
  .exitOverride();

const words = new Set(process.argv.slice(2));
const [first] = words;
const completing = first === 'completion' || first === 'complete';
await addCommands(program, (name) => completing || words.has(name));
if (completing) await (await import('./completion.js')).addCompletion(program);
else program.command('completion <shell>').description('print the completion script of bash, zsh or fish');

// A reader that goes away (`| head`) ends the output, and is no fault; the exit code stays.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`error: standard output cannot be written: ${error.code ?? error.message}\n`);
  process.exitCode = 1;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else
    process.exitCode = (await import('./failure.js')).reportFailure(error, process.argv.includes('--json'));
}
