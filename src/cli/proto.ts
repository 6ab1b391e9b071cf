/** `openslot proto`: the resources of functions as files, for programs in any language. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ClaimPurpose } from '../admin/claim-purpose.js';
import { notations, tryParse } from '../pci/index.js';
import { TAKING_ALLOWABLE } from '../admin/findings/errors.js';
import type { FindingName } from '../admin/findings/finding.js';
import { allowOption } from './allow-option.js';
import { criticalOption, type CriticalChoice } from './critical-option.js';
import { machineOption, recordOption, type RecordChoice } from './machine-option.js';
import { refuseMeaningless } from './meaningless-options.js';
import { functionsNamed } from './named-function.js';

/** Where FreeBSD has them. */
const DIRECTORY = '/dev/proto';
/** Of the names of platform devices. */
const PLATFORM_PREFIX = 'isa:';

export function define(command: Command): void {
  command.addHelpText(
    'after',
    `
A function without a driver gets a folder with a file for its configuration space and one for each of its BARs, named as
FreeBSD's proto(4) names them: pci0:1:2:0/pcicfg, pci0:1:2:0/10.mem, pci0:1:2:0/14.io (decimal, the BAR in hexadecimal).
ADDRESS may be a platform device's, as openslot list has it: isa:0x3f8, with files 00.io, intx.
One read or write of 1, 2, 4 or 8 bytes is one access of that width. A file has one opener at a time.

Examples:
  openslot proto mount /tmp/proto --on sim                     the simulated machine, mounted and owned
  dd if=/tmp/proto/pci0:0:4:0/pcicfg bs=4 count=1 status=none | xxd
  openslot proto mount /tmp/proto 01:00.0 --claim --on sim     one that has a driver, taken from it meanwhile
  openslot proto mount /tmp/proto --on sim:board.yaml --record accesses.jsonl
  openslot proto unmount /tmp/proto
More: docs/proto.md`,
  );
  command
    .command('mount [directory] [address...]')
    .description(
      `serve functions without a driver as files (in ${DIRECTORY} if nothing is said), until it is ended`,
    )
    .addOption(machineOption())
    .addOption(recordOption())
    .option('--claim', 'take the named functions from their drivers, and give them back in the end')
    .addOption(
      new Option(
        '--for <way>',
        'with --claim: keep them by VFIO or by UIO instead of by having no driver',
      ).choices(['vfio', 'uio']),
    )
    .addOption(allowOption(TAKING_ALLOWABLE))
    .addOption(criticalOption())
    .option(
      '--map-registers',
      'on this host, read and write memory BARs through mappings where there is no other way (no VFIO): the files end' +
        ' with a device that vanishes',
    )
    .option('--allow-other', 'let other users open the files, of functions whose DMA an IOMMU keeps apart')
    .option(
      '--unsafe-dma <address>',
      'allow DMA of this function although no IOMMU keeps it inside; may be given again',
      // Not `<address...>`: that would take the directory for one.
      (text: string, others: readonly string[]) => [...others, addressText(text)],
      [],
    )
    .option('--json', 'print data, one object a line')
    .action(
      async (directory: string | undefined, addresses: string[], choice: MountChoice, mount: Command) => {
        if (choice.claim !== true)
          refuseMeaningless(mount, ['for', 'allow', 'evenIfCritical'], 'without --claim');
        const wrong = misplaced(directory, addresses, choice);
        if (wrong !== undefined) mount.error(`error: ${wrong}`);
        const isPlatform = (name: string) => name.startsWith(PLATFORM_PREFIX);
        const functions = await functionsNamed(
          addresses.filter((name) => !isPlatform(name)),
          choice,
        );
        const platform = addresses.filter(isPlatform);
        const { mountFiles } = await import('./proto-mount.js');
        const named = addresses.length === 0 ? undefined : { functions, platform };
        await mountFiles(directory ?? DIRECTORY, named, choice);
      },
    );
  command
    .command('unmount [directory]')
    .description('take the files away; the process that serves them ends')
    .option('--force', 'also under programs that have files open: their calls fail then (ENOTCONN)')
    .action(async (directory: string | undefined, { force = false }: { force?: boolean }) => {
      const { unmountDeviceFiles } = await import('../proto/index.js');
      const unmounted = await unmountDeviceFiles(directory ?? DIRECTORY, force);
      process.stdout.write(`${unmounted} is unmounted\n`);
    });
}

/** The options' parser gives an option's value whatever stands next. */
function addressText(text: string): string {
  if (text.startsWith('-')) throw new InvalidArgumentError('an option stands in the place of its address.');
  return text;
}

/** What was left out, where that makes the rest mean something else. */
function misplaced(
  directory: string | undefined,
  addresses: readonly string[],
  { claim = false }: MountChoice,
): string | undefined {
  if (directory !== undefined && tryParse(notations.hex, directory) !== undefined) {
    const all = [directory, ...addresses].join(' ');
    return `${directory} stands in the place of the directory: openslot proto mount ${DIRECTORY} ${all}, or ./${directory}`;
  }
  if (claim && addresses.length === 0)
    return `--claim takes functions that are named: openslot proto mount ${directory ?? DIRECTORY} ADDRESS --claim`;
  return undefined;
}

export interface MountChoice extends RecordChoice, CriticalChoice {
  allow: readonly FindingName[];
  claim?: boolean;
  for?: ClaimPurpose;
  allowOther?: boolean;
  mapRegisters?: boolean;
  unsafeDma?: readonly string[];
  json?: boolean;
}
