/** `openslot policy`: what guests may write in configuration space. */
import type { Command } from 'commander';
import { machineOption, type MachineChoice } from './machine-option.js';
import { secondsOption } from './seconds-option.js';

export function define(command: Command): void {
  command.addHelpText(
    'after',
    `
What a guest may write in a function's configuration space is a list of names; all other writes are dropped, and openslot
trace shows them. A policy that is kept for a device is in force from its next attachment on, whichever tool stack makes
it; openslot attach --policy says another one for once. docs/policy.md has the form of the text.

Examples:
  openslot policy learn --guest web -o nic.yaml
  openslot trace web --save web.trace && openslot policy learn web.trace -o nic.yaml
  openslot policy check nic.yaml 0a:00.0
  openslot policy set 0a:00.0 nic.yaml
  openslot policy show 0a:00.0
  openslot policy remove 0a:00.0`,
  );
  command
    .command('learn [trace]')
    .description('write the smallest policy that lets through what a trusted guest did')
    .option('--guest <guest>', 'trace this guest now, instead of a trace that was saved')
    .addOption(secondsOption('end tracing after so many seconds; without it, with Ctrl-C or with the guest'))
    .option('--device <ids>', 'of several devices in the trace this one, like 8086:10d3')
    .option('-o, --output <file>', 'write the policy there; an existing file is kept')
    .addOption(machineOption())
    .action(async (trace: string | undefined, options: LearnOptions) => {
      if ((trace === undefined) === (options.guest === undefined))
        command.error('error: name a trace, or a guest behind --guest');
      const { learn } = await import('./learn-policy.js');
      await learn(trace, options);
    });
  command
    .command('show [address]')
    .description('what a function is held to and who said so; without an address, what is kept')
    .option('--json', 'print data')
    .addOption(machineOption())
    .action(async (address: string | undefined, options: PolicyOptions) => {
      const { listPolicies, showPolicy } = await import('./policy-commands.js');
      if (address === undefined) listPolicies(options);
      else await showPolicy(address, options);
    });
  command
    .command('check <file> [address]')
    .description('tell what is wrong with a policy, by itself or for a function')
    .option('--json', 'print data')
    .addOption(machineOption())
    .action(async (file: string, address: string | undefined, options: PolicyOptions) => {
      const { checkPolicyFile } = await import('./policy-commands.js');
      await checkPolicyFile(file, address, options);
    });
  command
    .command('set <address> <file>')
    .description('keep a policy for the device of a function')
    .addOption(machineOption())
    .action(async (address: string, file: string, options: PolicyOptions) => {
      const { setPolicy } = await import('./policy-commands.js');
      await setPolicy(address, file, options);
    });
  command
    .command('remove <address>')
    .description('keep none: its device is held to the default again')
    .addOption(machineOption())
    .action(async (address: string, options: PolicyOptions) => {
      const { removePolicy } = await import('./policy-commands.js');
      await removePolicy(address, options);
    });
}

export interface PolicyOptions extends MachineChoice {
  readonly json?: boolean;
}

export interface LearnOptions extends MachineChoice {
  readonly guest?: string;
  readonly seconds?: number;
  readonly device?: string;
  readonly output?: string;
}
