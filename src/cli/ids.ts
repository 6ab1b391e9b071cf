/** `openslot ids`: which pci.ids the names are from, a newer one, and back. */
import type { Command } from 'commander';
import type { IndexFile } from '../ids/index.js';
import type { AboutNames } from '../pci/index.js';

export function define(command: Command): void {
  command
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
Names of vendors, devices and classes are from the pci.ids of the PCI ID Project. The package has those of the day on which
it was made. A newer file is checked as a whole before it is taken, and kept below your data folder, or for root in
/var/lib/openslot, where all users have it (OPENSLOT_DATA_DIR names another folder).

Examples:
  openslot ids
  openslot ids update /usr/share/misc/pci.ids
  openslot ids update pci.ids.gz
  openslot ids revert
More: docs/names.md`,
    )
    .action(ids);
  command
    .command('update <file>')
    .description('take the names of a newer pci.ids, plain or packed by gzip')
    .option('--even-if-older', 'also one of an earlier date than the names in use')
    .option('--json', 'print data')
    .action(update);
  command
    .command('revert')
    .description('go back to the names before the last update')
    .option('--json', 'print data')
    .action(revert);
}

interface JsonChoice {
  readonly json?: boolean;
}

interface UpdateOptions extends JsonChoice {
  readonly evenIfOlder?: boolean;
}

const OWNERS: Readonly<Record<IndexFile['owner'], string>> = {
  user: 'taken by you',
  system: 'taken by root for all',
  package: 'of the package',
};

async function ids({ json }: JsonChoice): Promise<void> {
  const { hostNames } = await import('../ids/index.js');
  const { index, unread } = hostNames();
  if (json) {
    const used = index === undefined ? null : { ...index.file, ...index.names.about };
    print({ index: used, unread });
    return;
  }
  for (const { path, why } of unread) process.stderr.write(`passed over: ${path}: ${why}\n`);
  if (index === undefined) process.stdout.write('no names are known\n');
  else process.stdout.write(`${aboutLines(index.names.about, index.file).join('\n')}\n`);
}

async function update(path: string, _options: UpdateOptions, command: Command): Promise<void> {
  const { updateIds } = await import('../ids/index.js');
  const { evenIfOlder = false, json } = command.optsWithGlobals<UpdateOptions>();
  const done = updateIds(path, { evenIfOlder });
  if (json) print(done);
  else {
    const before = done.before === undefined ? 'none' : editionText(done.before);
    process.stdout.write(`${before} -> ${editionText(done.now)}\n${countsText(done.now)}\n${done.path}\n`);
  }
}

async function revert(_options: JsonChoice, command: Command): Promise<void> {
  const { hostNames, revertIds } = await import('../ids/index.js');
  revertIds();
  const { index } = hostNames();
  if (command.optsWithGlobals<JsonChoice>().json)
    print({ index: index === undefined ? null : { ...index.file, ...index.names.about } });
  else
    process.stdout.write(
      index === undefined
        ? 'no names are known\n'
        : `${editionText(index.names.about)}, ${OWNERS[index.file.owner]}\n`,
    );
}

function print(data: unknown): void {
  process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
}

/** The version and the day that a file says of itself. */
function editionText({ version, date }: AboutNames): string {
  if (version === undefined) return date ?? 'no version';
  return date === undefined ? version : `${version} (${date})`;
}

function countsText({ counts }: AboutNames): string {
  const count = (value: number, what: string) => `${value.toLocaleString('en')} ${what}`;
  return [
    count(counts.vendors, 'vendors'),
    count(counts.devices, 'devices'),
    count(counts.subsystems + counts.anySubsystems, 'subsystems'),
    count(counts.baseClasses + counts.subclasses, 'classes and subclasses'),
  ].join(', ');
}

function aboutLines(about: AboutNames, { path, owner }: IndexFile): string[] {
  const legal = about.notice
    .split(/\n\s*\n/)
    .filter((paragraph) => /licen[cs]e|copyright/i.test(paragraph))
    .map((paragraph) => paragraph.replaceAll('\n', ' '));
  return [
    `version   ${editionText(about)}`,
    `names     ${countsText(about)}`,
    `index     ${path}, ${OWNERS[owner]}`,
    ...legal.map((text, i) => `${i === 0 ? 'licence ' : '        '}  ${text}`),
  ];
}
