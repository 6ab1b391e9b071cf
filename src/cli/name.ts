/** `openslot name`: gives functions names that stay with the device, and tells where the named ones are. */
import type { Command } from 'commander';
import type {
  Device,
  FunctionNames,
  GivenName,
  NameRecord,
  SerialNumber,
  SightedName,
} from '../admin/names/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import { functionNamed } from './named-function.js';
import { nextHere } from './next-command.js';

interface NameOptions extends MachineChoice {
  readonly update?: string;
  readonly remove?: string;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option(
      '--update <name>',
      'take the name to where its device is now; with an address, to the device there',
    )
    .option('--remove <name>', 'forget the name')
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
A name stands for a device, not for an address: it is remembered by the ports that lead to the device, its vendor,
device, subsystem, class and revision, and its serial number where it has one. Every command that takes an address takes
the name, and checks all that first. Where the device is not the one that was named, nothing is done, and it is told
where the named one is now; --update takes the name there. Without an argument: all names, and where their devices are.
With an address alone: its name, and what tells the device from others. docs/stable-names.md says what is compared.

Names are lower-case: a letter, then letters and digits with single - or _ between them.

Examples:
  openslot name 0a:00.0 nic-dmz
  openslot claim nic-dmz && openslot attach web nic-dmz@5
  openslot name
  openslot name --update nic-dmz
  openslot name 0b:00.0 --update nic-dmz
  openslot name --remove nic-dmz`,
    )
    .action((address: string | undefined, name: string | undefined, options: NameOptions) =>
      runName(command, address, name, options),
    );
}

async function runName(
  command: Command,
  text: string | undefined,
  newName: string | undefined,
  options: NameOptions,
): Promise<void> {
  const { update, remove } = options;
  if (update !== undefined && remove !== undefined) command.error('error: --update or --remove, not both');
  if (newName !== undefined && (update ?? remove) !== undefined)
    command.error(`error: the name stands behind ${update === undefined ? '--remove' : '--update'}`);
  if (remove !== undefined && text !== undefined)
    command.error('error: --remove takes the name, and no address');
  const { functionNames } = await import('./function-names.js');
  const names = functionNames(options);
  if (remove !== undefined) {
    names.remove(remove);
    tell(options, { removed: remove }, [`${remove} is forgotten`]);
  } else if (update !== undefined) await updateName(names, update, text, options);
  else if (text === undefined) await listNames(names, options);
  else if (newName === undefined) await showName(names, text, options);
  else {
    const address = await functionNamed(text, options);
    await tellGiven(await names.give(newName, address), options);
  }
}

async function updateName(
  names: FunctionNames,
  name: string,
  text: string | undefined,
  options: NameOptions,
): Promise<void> {
  const to = text === undefined ? undefined : await functionNamed(text, options);
  await tellGiven(await names.update(name, to), options);
}

async function tellGiven({ record, former, twins }: GivenName, options: NameOptions): Promise<void> {
  const { nameData, whatDiffers } = await import('../admin/names/index.js');
  const { name, address, serial } = record;
  const others = twins.map((twin) => String(twin.address));
  const lines = [`${address} is ${name}, told by its place ${record.place}${serialWords(serial)}`];
  if (former !== undefined && !former.address.equals(address)) lines.push(`it was at ${former.address}`);
  if (former !== undefined)
    lines.push(...whatDiffers(former, deviceOf(record)).map((difference) => `note  ${difference}`));
  if (others.length > 0)
    lines.push(
      `note  nothing but its place tells it from ${others.join(', ')}: where cards like it change places, this name changes its card`,
    );
  const data = { ...nameData(record), former: former === undefined ? null : nameData(former), twins: others };
  tell(options, data, lines);
}

async function listNames(names: FunctionNames, options: NameOptions): Promise<void> {
  const sighted = await names.list();
  const rows = await Promise.all(sighted.map(sightedRow));
  if (options.json) {
    tell(options, { machine: options.on ?? 'linux', names: rows.map(({ data }) => data) }, []);
    return;
  }
  if (rows.length === 0) {
    process.stdout.write('no function has a name: openslot name ADDRESS NAME\n');
    return;
  }
  const { printTable } = await import('./table.js');
  printTable(
    ['NAME', 'ADDRESS', 'DEVICE', 'PLACE', 'SERIAL NUMBER', ''],
    rows.map(({ data, trouble }) => [
      data.name,
      data.address,
      data.ids,
      data.place,
      data.serial?.text ?? '-',
      trouble?.code ?? '',
    ]),
  );
  for (const { trouble } of rows)
    if (trouble !== undefined)
      process.stderr.write(`${trouble.code}: ${trouble.message}\n${nextLine(nextHere(trouble.next))}`);
}

/** A name as data, with why it is no function now. */
async function sightedRow({ record, sighting }: SightedName) {
  const { deviceText, nameData, refusalOf } = await import('../admin/names/index.js');
  const trouble = sighting.state === 'here' ? undefined : refusalOf(record, sighting);
  const now = 'device' in sighting ? String(sighting.device.address) : null;
  const ids = deviceText({ ...deviceOf(record), serial: { kind: 'none' } });
  return {
    data: { ...nameData(record), ids, state: sighting.state, now, trouble: trouble ?? null },
    trouble,
  };
}

/** By an address or by a name: what is there now, and what tells it from others. */
async function showName(names: FunctionNames, text: string, options: NameOptions): Promise<void> {
  const address = await functionNamed(text, options);
  const { deviceText } = await import('../admin/names/index.js');
  const device = await names.device(address);
  const { place, identity, serial } = device;
  const has = (await names.list()).find(
    ({ sighting }) => sighting.state === 'here' && sighting.device.address.equals(address),
  );
  const named = has?.record.name;
  const data = { address: String(address), name: named ?? null, place, identity, serial };
  tell(options, data, [
    `${address} ${named === undefined ? 'has no name' : `is ${named}`}`,
    `  place   ${place}`,
    `  device  ${deviceText({ ...device, serial: { kind: 'none' } })}`,
    `  serial  ${serial.kind === 'read' ? `${serial.serial.text} (${serial.serial.source})` : serial.kind === 'none' ? 'none: only its place tells it from one that is like it' : `not read: ${serial.why}`}`,
  ]);
}

function deviceOf({ address, place, identity, serial }: NameRecord): Device {
  const reading = serial === undefined ? { kind: 'none' as const } : { kind: 'read' as const, serial };
  return { address, place, identity, serial: reading };
}

function serialWords(serial: SerialNumber | undefined): string {
  return serial === undefined ? '; it has no serial number' : `, and its serial number ${serial.text}`;
}

function nextLine(next: string): string {
  return next === '' ? '' : `next  ${next}\n`;
}

function tell({ json }: NameOptions, data: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(data)}\n` : lines.map((line) => `${line}\n`).join(''));
}
