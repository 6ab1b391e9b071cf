/** `openslot get`: reads registers by name or number. */
import type { Command } from 'commander';
import { readSelected } from '../admin/settings/index.js';
import { OpenslotError } from '../pci/index.js';
import { harmlessRegisters, needsConfiguration, selectReadable } from '../proto/program/index.js';
import { functionNamed } from './named-function.js';
import { addRegisterOptions, NOTATION, type RegisterOptions } from './register-options.js';
import { openRegisterSession } from './register-session.js';
import { ladderLines, registerData, registerLine } from './register-text.js';

/** Without a map a device's own registers have no names, and which of configuration space's are meant has to be said. */
export class MapAbsentError extends OpenslotError {
  readonly code = 'REGISTER_MAP_ABSENT';
  constructor(address: string) {
    super(
      `no register map comes with openslot for ${address}, and none was given`,
      { address },
      `name what configuration space has: openslot get ${address} header.command; all of it: openslot show ${address}; ` +
        `or give a map (--map FILE), or numbers: bar0:0x0/4`,
    );
  }
}

export function define(command: Command): void {
  addRegisterOptions(command)
    .option('--bits', "draw each register's bits with its fields below them")
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `${NOTATION}
Without a register: all of the maps, except those that a read would change or that cannot be read. A register that
reading clears is read only where it is named, and not while a driver or a guest has the function.

Examples:
  openslot get 01:00.0 status --bits
  openslot get 01:00.0 status.computing identification
  openslot get 0a:00.0 pcie.lnksta.speed header.command msi
  openslot get 0a:00.0 bar0:0x1c/4 config:0x04/2
  openslot get 0a:00.0 --map my-device.json --json`,
    )
    .action(get);
}

async function get(
  text: string,
  names: readonly string[],
  options: RegisterOptions & { readonly bits?: boolean; readonly json?: boolean },
): Promise<void> {
  const address = await functionNamed(text, options);
  using session = await openRegisterSession(address, options, false);
  const { maps } = session;
  if (names.length === 0 && maps.length === 0) throw new MapAbsentError(String(address));
  const isNamed = names.some((name) => needsConfiguration(maps, name));
  const configuration = isNamed ? await session.configuration() : undefined;
  const selected =
    names.length === 0
      ? harmlessRegisters(maps)
      : names.flatMap((name) => selectReadable(maps, name, configuration));
  const values = await readSelected(session.run, selected);
  const read = selected.map((each, index) => [each, values[index] ?? 0n] as const);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(read.map(([each, value]) => registerData(each, value)))}\n`);
    return;
  }
  for (const [each, value] of read) {
    process.stdout.write(`${registerLine(each, value)}\n`);
    if (options.bits) process.stdout.write(`${ladderLines(each, value).join('\n')}\n`);
  }
}
