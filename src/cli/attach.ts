/** `openslot attach`: gives functions of the pool to a guest. */
import type { Command } from 'commander';
import type { FindingName } from '../admin/index.js';
import { allowOption } from './allow-option.js';
import { criticalFunctions, criticalOption, type CriticalChoice } from './critical-option.js';
import { dryRunOption, printPlan, type DryRunChoice } from './dry-run.js';
import { addressedSpecs, functionSpec } from './function-spec.js';
import { optionsBut, placeNamed } from './guest-place.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import { refuseMeaningless } from './meaningless-options.js';

interface AttachCommandOptions extends MachineChoice, CriticalChoice, DryRunChoice {
  allow: readonly FindingName[];
  bus?: string;
  config?: string;
  policy?: string;
  force?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .addOption(allowOption())
    .addOption(criticalOption())
    .addOption(dryRunOption())
    .option(
      '--config <file>',
      'what an xl.cfg lists in pci=[...], for the guest of its name if GUEST is left out',
    )
    .option('--policy <file>', 'what a guest of Xen may write, instead of what is kept for the device')
    .option(
      '--force',
      'also to a guest of Xen whose front end takes no changes while it runs; the guest may not survive it',
    )
    .option('--bus <id>', 'for qmp: the bus or port in the virtual machine; a free port if nothing is said')
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
device, which keep their numbers in one slot; NAME@5 stands for name=NAME,vslot=5, and a name that openslot name gave is
checked against the device that stands there. What xl attached openslot detaches, and the other way round.
Several functions come together: when one cannot be given, none is, and each that cannot is listed with its reason.
Functions of one device do not go to different guests.

--config reads the file as xl does: pci, name, and the defaults pci_seize, pci_permissive, pci_msitranslate and
pci_power_mgmt. SPECs behind it are given too.

A function that others share something with is refused, with all that was found: an interrupt line, a 4 KiB page of
registers, an IOMMU group or its device, where the host's driver or another guest has the other one. So is one that
has no reset, or no IOMMU. openslot show lists it beforehand; --allow accepts it by name, for this time.

One that seize=1 would take from the host while the host uses it is refused as openslot claim refuses it; what the host
lives from is taken only when it is named again: --even-if-critical 0a:00.0.

GUEST may be a virtual machine of QEMU by its monitor, qmp:SOCKET (docs/virtual-machines.md). Its functions are claimed
with --for vfio; openslot qemu-arguments prints what QEMU takes where it does not run yet.

GUEST may be the file that a guest is started from, xl:FILE or libvirt:FILE (docs/guest-files.md): the function is written
there, the diff is shown, and a copy of the file is kept. Nothing is claimed; a function with seize=1 is taken from the host
when the guest starts, and is refused here as openslot claim refuses it.

Examples:
  openslot attach web 0a:00.0
  openslot attach web 0a:00.0 --dry-run
  openslot attach web 0a:00.0 --allow shared-interrupt,no-reset
  openslot attach web 0a:00.0 0b:00.0@5
  openslot attach web nic-dmz@5
  openslot attach 3 0a:00.0@5,seize=1
  openslot attach web '0a:00.*' --json
  openslot attach qmp:/run/web.qmp 0a:00.0
  openslot attach xl:/etc/xen/web.cfg 0a:00.0@5 --dry-run
  openslot attach libvirt:web.xml 0a:00.0,seize=1
  openslot attach --config /etc/xen/web.cfg
  xl create -p web.cfg && openslot attach web 0a:00.0 && xl unpause web`,
    )
    .action((guest: string | undefined, specs: readonly string[], options: AttachCommandOptions) =>
      attach(command, guest, specs, options),
    );
}

const FRONT_END = {
  connected: 'its front end has taken it',
  paused: 'it is paused, and finds it when it starts',
  waiting: 'its front end has not connected yet',
} as const;

async function attach(
  command: Command,
  named: string | undefined,
  written: readonly string[],
  options: AttachCommandOptions,
): Promise<void> {
  // Refused here: a wrong command line is no business of the owner's.
  const typed = written.map(functionSpec);
  const configured =
    options.config === undefined
      ? undefined
      : (await import('./guest-config-file.js')).readGuestConfig(options.config, named === undefined);
  const guest = named ?? configured?.name;
  const specs = [...(configured?.specs ?? []), ...typed];
  if (guest === undefined || specs.length === 0)
    command.error(`error: missing required argument '${guest === undefined ? 'guest' : 'spec'}'`);
  const elsewhere = placeNamed(guest);
  if (elsewhere !== undefined) {
    const place = await elsewhere.load();
    refuseMeaningless(command, optionsBut(place.attachOptions), `to ${place.called}`);
    await place.attach(elsewhere.place, await addressedSpecs(specs, options), options);
    return;
  }
  refuseMeaningless(command, ['bus'], 'to guests of Xen');
  const [{ askOwnerOf }, { waitingFor }] = await Promise.all([
    import('./machine-view.js'),
    import('./waiting.js'),
  ]);
  const { force = false, allow } = options;
  const evenIfCritical = (await criticalFunctions(options)).map(String);
  const wish = {
    guest,
    specs,
    force,
    allow: [...allow],
    evenIfCritical,
    ...(options.policy === undefined
      ? {}
      : { policy: (await import('./policy-file.js')).readPolicyFile(options.policy) }),
  };
  if (options.dryRun) {
    await printPlan(await askOwnerOf(options, 'plan_attach', wish), options);
    return;
  }
  const report = await waitingFor(`guest ${guest}`, askOwnerOf(options, 'attach', wish));
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
