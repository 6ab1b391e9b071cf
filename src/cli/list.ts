/** `openslot list`: every function of a machine, who drives it, and its state in the pool. */
import type { Command } from 'commander';
import type { RegionInfo } from '../function/index.js';
import type { PoolEntry } from '../owner/index.js';
import { className } from '../pci/classes.js';
import { hexDigits, idsText } from '../pci/hex-digits.js';
import { deviceWords } from '../pci/names/device-words.js';
import { givenNames } from './given-names.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import { viewMachine } from './machine-view.js';
import { nameData, namesInUse } from './names-in-use.js';
import { printTable } from './table.js';

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option('--numeric', 'no names of pci.ids: only numbers, and what kind of device it is')
    .option('--json', 'print data instead of a table')
    .addHelpText(
      'after',
      `
ADDRESS is hexadecimal, DDDD:BB:DD.F (openslot address has the other notations). NAME is of the class and of pci.ids
(openslot ids), NAMED what openslot name gave; a question mark is behind it where this user cannot tell whether it is
that device. STATE is the pool's: free, taken by a guest, or quarantined; empty for functions of the host. "fixed" behind a guest: its
front end takes no changes while it runs (openslot attach --help).

Examples:
  openslot list
  openslot list --on sim:board.yaml
  openslot list --json | jq '.functions[] | select(.pool.state == "free") | .address'`,
    )
    .action(list);
}

function stateText({ taker, state, frontEnd }: PoolEntry): string {
  return `${taker ?? state}${frontEnd === 'fixed' ? ' fixed' : ''}`;
}

function rangeText({ kind, address, size }: RegionInfo): string {
  const first = address.toString(16);
  const last = (address + BigInt(size) - 1n).toString(16);
  return `${kind === 'io' ? 'ports' : 'memory'} ${first}-${last}`;
}

interface ListOptions extends MachineChoice {
  readonly json?: boolean;
  readonly numeric?: boolean;
}

async function list(options: ListOptions): Promise<void> {
  const names = options.numeric ? undefined : namesInUse();
  const { name, functions, platform, pool: poolView } = await viewMachine(options);
  const { entries, unreadable: poolUnreadable } = poolView;
  const given = await givenNames(options);
  const pool = new Map(entries.map((entry) => [entry.address, entry]));
  if (options.json) {
    const rows = functions.map(({ address, ...facts }) => {
      const { address: _, ...state } = pool.get(String(address)) ?? { address: undefined };
      return {
        address,
        ...facts,
        className: className(facts.classCode),
        ...(names === undefined ? {} : nameData(names, facts)),
        givenName: given.certain.get(address.sbdf) ?? null,
        pool: pool.has(String(address)) ? state : null,
      };
    });
    const data = {
      machine: name,
      functions: rows,
      platform: platform.map(({ regions, ...facts }) => ({
        ...facts,
        regions: regions.map(({ index, kind, size, address }) => ({
          index,
          kind,
          size,
          address: `0x${address.toString(16)}`,
        })),
      })),
      poolUnreadable: poolUnreadable ?? null,
    };
    process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
    return;
  }
  const isNamed = given.shown.size > 0;
  printTable(
    [
      'ADDRESS',
      ...(isNamed ? ['NAMED'] : []),
      'CLASS',
      'VENDOR:DEVICE',
      'REV',
      'DRIVER',
      'STATE',
      options.numeric ? '' : 'NAME',
    ],
    functions.map(({ address, vendor, device, classCode, revision, driver }) => {
      const entry = pool.get(String(address));
      // No vendor has this number: it is what nobody answered.
      const known = vendor !== 0xffff;
      const name = names === undefined ? undefined : deviceWords(names, vendor, device);
      return [
        String(address),
        ...(isNamed ? [given.shown.get(address.sbdf) ?? '-'] : []),
        known ? hexDigits(classCode >>> 8, 4) : '-',
        known ? idsText(vendor, device) : '-',
        known ? hexDigits(revision, 2) : '-',
        driver ?? '-',
        entry === undefined ? '' : stateText(entry),
        known ? [className(classCode), name].filter((words) => words !== undefined).join(': ') : '',
      ];
    }),
  );
  if (platform.length > 0) {
    process.stdout.write('\n');
    printTable(
      ['PLATFORM', 'RANGES', 'LINE', ''],
      platform.map(({ name: device, model, regions, interruptLines }) => [
        device,
        regions.map(rangeText).join(', '),
        interruptLines.join(', ') || '-',
        model,
      ]),
    );
  }
  const hidden = functions.filter(({ unreadable }) => unreadable.length > 0);
  const reasons = new Set(
    hidden.flatMap(({ unreadable }) => unreadable.map(({ what, why }) => `${what}: ${why}`)),
  );
  for (const reason of reasons)
    process.stderr.write(
      `not shown of ${hidden.length === 1 ? '1 function' : `${hidden.length} functions`}: ${reason}\n`,
    );
  for (const trouble of given.troubles) process.stderr.write(`${trouble}\n`);
  if (poolUnreadable !== undefined) process.stderr.write(`state in the pool not shown: ${poolUnreadable}\n`);
}
