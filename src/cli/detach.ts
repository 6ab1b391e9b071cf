/** `openslot detach`: takes functions back from a guest into the pool. */
import type { Command } from 'commander';
import { dryRunOption, printPlan, type DryRunChoice } from './dry-run.js';
import { addressedSpecs, functionSpec } from './function-spec.js';
import { optionsBut, placeNamed } from './guest-place.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import { refuseMeaningless } from './meaningless-options.js';

interface DetachCommandOptions extends MachineChoice, DryRunChoice {
  json?: boolean;
  force?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option(
      '--force',
      'also from a guest that does not answer or takes no changes; its driver may not survive it',
    )
    .addOption(dryRunOption())
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
The guest lets go of the functions first; then they are reset, restored, and free in the pool. What the guest was granted
with them is revoked, and nothing that they share with another function of the guest. Of SPEC only the function counts.
Several, or all of a device by BB:DD.*, go together: a guest that does not let go keeps all of them.
A guest whose front end takes no changes while it runs (NetBSD's xpci) would end with a panic if it were asked: it is
refused, and --force takes the functions away without a word to the guest.

GUEST may be a virtual machine of QEMU by its monitor, qmp:SOCKET. Where it has ended its functions are only taken back.

GUEST may be the file that a guest is started from, xl:FILE or libvirt:FILE: the function goes out of the file.

Examples:
  openslot detach web 0a:00.0
  openslot detach web 0a:00.0 --dry-run
  openslot detach web nic-dmz
  openslot detach web '0a:00.*'
  openslot detach web 0a:00.0 0b:00.0
  openslot detach qmp:/run/web.qmp 0a:00.0
  openslot detach xl:/etc/xen/web.cfg 0a:00.0 --dry-run
  openslot detach --force web 0a:00.0`,
    )
    .action((guest: string, specs: readonly string[], options: DetachCommandOptions) =>
      detach(command, guest, specs, options),
    );
}

async function detach(
  command: Command,
  guest: string,
  specs: readonly string[],
  options: DetachCommandOptions,
): Promise<void> {
  const typed = specs.map(functionSpec);
  const elsewhere = placeNamed(guest);
  if (elsewhere !== undefined) {
    const place = await elsewhere.load();
    refuseMeaningless(command, optionsBut(place.detachOptions), `to ${place.called}`);
    await place.detach(elsewhere.place, await addressedSpecs(typed, options), options);
    return;
  }
  const [{ askOwnerOf }, { waitingFor }] = await Promise.all([
    import('./machine-view.js'),
    import('./waiting.js'),
  ]);
  const { force = false } = options;
  const wish = { guest, specs: typed, force };
  if (options.dryRun) {
    await printPlan(await askOwnerOf(options, 'plan_detach', wish), options);
    return;
  }
  const report = await waitingFor(`guest ${guest}`, askOwnerOf(options, 'detach', wish));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const { name, domain } = report.guest;
  const how = report.forced ? ', which was not asked' : '';
  for (const address of report.functions)
    process.stdout.write(`${address} is back from guest ${name} (${domain})${how}\n`);
  for (const what of report.unsettled) process.stderr.write(`note  ${what}\n`);
}
