/** `openslot pool`: the claimed functions and who has them, or as the files that NetBSD has of them. */
import { Option, type Command } from 'commander';
import { FunctionNotFoundError } from '../function/errors.js';
import type { PoolEntry } from '../owner/index.js';
import { notations, type PciAddress } from '../pci/index.js';
import { NotClaimedError } from '../pool/errors.js';
import { kernfsName, kernfsText } from './kernfs-text.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import type { MachineView } from './machine-view.js';
import { functionNamed } from './named-function.js';

interface PoolOptions extends MachineChoice {
  json?: boolean;
  format?: 'netbsd';
}

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .addOption(
      new Option(
        '--format <form>',
        'netbsd: print what the files /kern/xen/pci/0000:bb:dd.f of NetBSD hold of each function',
      ).choices(['netbsd']),
    )
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
STATE is free, taken by a guest, or quarantined with the reason. The files of NetBSD hold identifiers, the addresses of
the BARs (from the first byte to one past the last) and the interrupt, for a tool stack that gives a guest access.

Examples:
  openslot pool
  openslot pool --json | jq -r '.functions[] | select(.state == "free") | .address'
  openslot pool --format netbsd
  openslot pool 0a:00.0 --format netbsd`,
    )
    .action(pool);
}

async function pool(text: string | undefined, options: PoolOptions): Promise<void> {
  const address = text === undefined ? undefined : await functionNamed(text, options);
  const { viewMachine } = await import('./machine-view.js');
  const machine = await viewMachine(options);
  const { unreadable } = machine.pool;
  const entries = entriesAt(machine, address);
  if (options.format === 'netbsd') await printFiles(entries, address !== undefined, options);
  else if (options.json) {
    const data = { machine: machine.name, functions: entries, poolUnreadable: unreadable ?? null };
    process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
  } else {
    const { printTable } = await import('./table.js');
    printTable(
      ['ADDRESS', 'STATE', 'HOLDER', ''],
      entries.map(({ address: name, state, taker, holder, why }) => [
        name,
        taker ?? state,
        holder ?? '-',
        why ?? '',
      ]),
    );
  }
  if (unreadable !== undefined) process.stderr.write(`the pool is not shown: ${unreadable}\n`);
}

/** @throws {FunctionNotFoundError | NotClaimedError} the function is not there, or not in the pool. */
function entriesAt(
  { name, functions, pool: { entries, unreadable } }: MachineView,
  address: PciAddress | undefined,
): readonly PoolEntry[] {
  if (address === undefined) return entries;
  const summary = functions.find((one) => one.address.equals(address));
  if (summary === undefined) throw new FunctionNotFoundError(address, name);
  const entry = entries.filter((one) => one.address === String(address));
  if (entry.length === 0 && unreadable === undefined) throw new NotClaimedError(address, summary.driver);
  return entry;
}

/** One file as it is; more behind their names, as head(1) shows files. */
async function printFiles(
  entries: readonly PoolEntry[],
  alone: boolean,
  options: PoolOptions,
): Promise<void> {
  const { inspectFunction } = await import('./machine-view.js');
  const files: { readonly name: string; readonly text: string }[] = [];
  for (const entry of entries) {
    const address = notations.hex.parse(entry.address);
    if (!alone && address.domain !== 0) {
      process.stderr.write(`not shown: ${entry.address}, whose domain NetBSD has no name for\n`);
      continue;
    }
    const name = kernfsName(address);
    const { summary, ...facts } = await inspectFunction(options, address);
    if (summary === undefined) throw new FunctionNotFoundError(address, options.on ?? 'linux');
    files.push({ name, text: kernfsText({ summary, ...facts }) });
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ files }, undefined, 2)}\n`);
  else if (alone) process.stdout.write(files.map(({ text }) => text).join(''));
  else process.stdout.write(files.map(({ name, text }) => `==> ${name} <==\n${text}`).join('\n'));
}
