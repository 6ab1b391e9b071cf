/** `openslot hide`: keeps functions from the host's drivers from its next boot on. */
import { Option, type Command } from 'commander';
import { TAKING_ALLOWABLE } from '../admin/findings/errors.js';
import { FREEBSD_KEEPERS, HIDE_SYSTEMS } from '../admin/hide/hide-system.js';
import { allowOption } from './allow-option.js';
import { criticalOption } from './critical-option.js';
import { dryRunOption } from './dry-run.js';
import type { HideOptions } from './hide-files.js';
import { machineOption } from './machine-option.js';
import { refuseMeaningless } from './meaningless-options.js';

/** What `unhide` has as well. */
export function addFileOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--for <system>', 'whose boot: NetBSD or Linux under Xen, Linux with VFIO, or FreeBSD')
        .choices(HIDE_SYSTEMS)
        .makeOptionMandatory(),
    )
    .option('--file <file>', "the file that is changed, instead of the system's own")
    .addOption(
      new Option('--keeper <driver>', 'who keeps them on FreeBSD: proto(4), or ppt for guests of bhyve')
        .choices(FREEBSD_KEEPERS)
        .default('proto'),
    )
    .addOption(machineOption())
    .addOption(dryRunOption())
    .option('--json', 'print data');
}

export function define(command: Command): void {
  addFileOptions(command)
    .addOption(allowOption(TAKING_ALLOWABLE))
    .addOption(criticalOption())
    .addHelpText(
      'after',
      `
No reboot is needed to take a function now (openslot claim); this is for the next boots. What is changed:

--for netbsd    boot.cfg: pciback.hide= on the kernel of domain 0, in every menu entry that boots Xen
--for xen       /etc/default/grub: xen-pciback.hide= for the entries that boot Xen; or a file of modprobe.d
--for vfio      /etc/driverctl.d: a file for each function; or /etc/default/grub or a file of modprobe.d, which name
                kinds of functions by their ids
--for freebsd   loader.conf: hw.proto.attach and proto_load, or with --keeper ppt pptdevs and vmm_load

The change is printed as a diff. What the file's real reader would cut or misread is refused, and nothing is written. The
file is replaced as a whole, with its mode and owner, and a copy of the old one stays beside it: FILE.openslot-1. After
the boot, openslot doctor tells whether it took; openslot unhide takes it back.

Examples:
  openslot hide 0a:00.0 0a:00.1 --for xen --dry-run
  openslot hide nic-dmz --for vfio
  openslot hide 05:00.0 --for netbsd --file /mnt/boot.cfg
  openslot hide 0a:00.0 --for freebsd --keeper ppt --file loader.conf`,
    )
    .action(async (texts: readonly string[], options: HideOptions) => {
      if (options.for !== 'freebsd') refuseMeaningless(command, ['keeper'], `to the boot of ${options.for}`);
      const { changeHidden } = await import('./hide-files.js');
      await changeHidden('hide', texts, options);
    });
}
