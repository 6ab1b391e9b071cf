/** `openslot attach`: gives a function of the pool to a guest. */
import type { Command } from 'commander';
import { notations } from '../pci/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option(
      '--force',
      'also to a guest whose front end takes no changes while it runs; the guest may not survive it',
    )
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
The owner does it (openslot serve), because the guest is asked to take the function and the back end must answer it.
A guest that runs gets it while it runs. One whose front end takes no changes while it runs (NetBSD's xpci) is refused it,
because it ends with a panic when it is told; it gets functions cold: create it paused, attach, unpause. --force tells it
all the same. openslot list shows which guests are so.
The guest must be a PV guest, made with  passthrough = "enabled"  and  e820_host = 1.

SPEC is xl's: a slot on the guest's bus behind @; seize=1 claims the function first; BB:DD.* gives all functions of a
device that are in the pool. What xl attached openslot detaches, and the other way round.

Examples:
  openslot attach web 0a:00.0
  openslot attach 3 0a:00.0@5,seize=1
  openslot attach web '0a:00.*' --json
  xl create -p web.cfg && openslot attach web 0a:00.0 && xl unpause web`,
    )
    .action(attach);
}

const FRONT_END = {
  connected: 'its front end has taken it',
  paused: 'it is paused, and finds it when it starts',
  waiting: 'its front end has not connected yet',
} as const;

async function attach(
  guest: string,
  spec: string,
  options: MachineChoice & { json?: boolean; force?: boolean },
): Promise<void> {
  // Refused here: a wrong command line is no business of the owner's.
  notations.xlSpec.parse(spec);
  const [{ askOwnerOf }, { waitingFor }] = await Promise.all([
    import('./machine-view.js'),
    import('./waiting.js'),
  ]);
  const { force = false } = options;
  const report = await waitingFor(`guest ${guest}`, askOwnerOf(options, 'attach', { guest, spec, force }));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const { name, domain } = report.guest;
  for (const { address, virtual } of report.functions) {
    const place = virtual === undefined ? 'given to' : `${virtual} in`;
    process.stdout.write(`${address} is ${place} guest ${name} (${domain}): ${FRONT_END[report.frontEnd]}\n`);
  }
  for (const remark of report.remarks) process.stderr.write(`note  ${remark}\n`);
}
