/** `openslot undo`: gives registers back what they held before `openslot set` wrote them. */
import type { Command } from 'commander';
import {
  NothingSetError,
  undoSetting,
  type KeptSetting,
  type UndoneRegister,
} from '../admin/settings/index.js';
import { hexNumber, notations, OpenslotError } from '../pci/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import { functionNamed } from './named-function.js';
import { openRegisterSession } from './register-session.js';
import { settingJournal } from './setting-journal.js';

/** What was set on a machine that a command opened for itself is gone with it. */
export class MachineEndedError extends OpenslotError {
  readonly code = 'UNDO_MACHINE_ENDED';
  constructor(machine: string) {
    super(
      `${machine} ends with the command that opens it: nothing that was set there is left to be undone`,
      { machine },
      'proto mount serves such a machine for longer: set and undo --on proto:DIR',
    );
  }
}

interface UndoOptions extends MachineChoice {
  readonly list?: boolean;
  readonly evenIfChanged?: boolean;
  readonly evenIfUsed?: boolean;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .option('--list', 'show what was set and can be undone, and change nothing')
    .option('--even-if-changed', 'also where the register has changed since, or another device is there')
    .option('--even-if-used', 'change the function even where a driver or a guest drives it')
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
Undoes what the last openslot set wrote to configuration space, of the function or of any; once more, the one before it.
Bits that were not set are left as they are now. A device's own registers are not undone: a write to one is a command to
the device. Nor is what a written 1 cleared. What was set on the simulated machine is forgotten with it; with this host's
start for root.

Examples:
  openslot undo 0a:00.0
  openslot undo --list`,
    )
    .action(undo);
}

async function undo(text: string | undefined, options: UndoOptions): Promise<void> {
  const address = text === undefined ? undefined : await functionNamed(text, options);
  const journal = settingJournal(options);
  if (journal === undefined) throw new MachineEndedError(options.on ?? '');
  const kept = journal
    .records()
    .filter(({ record }) => address === undefined || record.address === String(address));
  if (options.list) {
    process.stdout.write(options.json ? `${JSON.stringify(kept)}\n` : kept.map(recordLines).join(''));
    return;
  }
  const last = kept.at(-1);
  if (last === undefined) throw new NothingSetError(address === undefined ? 'this machine' : String(address));
  const { number, record } = last;
  using session = await openRegisterSession(
    notations.hex.parse(record.address),
    { ...options, map: [] },
    true,
  );
  const undone = await undoSetting(session.run, record, session.identity, {
    evenIfChanged: options.evenIfChanged ?? false,
  });
  journal.remove(number);
  if (options.json) {
    const registers = undone.map(({ register: { name, offset, width }, before, after }) => ({
      ...{ name, offset, width },
      before: hexNumber(before, width * 2),
      after: hexNumber(after, width * 2),
    }));
    process.stdout.write(`${JSON.stringify({ address: record.address, registers, lost: record.lost })}\n`);
    return;
  }
  process.stdout.write(`${[...undone.map(undoneLine), ...record.lost.map(lostLine)].join('\n')}\n`);
}

function recordLines({ record: { address, when, registers, lost } }: KeptSetting): string {
  const lines = registers.map(({ name, width, before, after, written }) => {
    const now =
      after === undefined ? `${hexNumber(written, width * 2)}, or not written` : hexNumber(after, width * 2);
    return `${when}  ${address}  ${name}  ${hexNumber(before, width * 2)} -> ${now}`;
  });
  return [...lines, ...lost.map((name) => `${when}  ${address}  ${lostLine(name)}`)]
    .map((line) => `${line}\n`)
    .join('');
}

function undoneLine({ register: { name, width }, before, after }: UndoneRegister): string {
  return `${name}  ${hexNumber(before, width * 2)} -> ${hexNumber(after, width * 2)}`;
}

function lostLine(name: string): string {
  return `${name}  not undone: what was written was a command, and nothing that can be put back`;
}
