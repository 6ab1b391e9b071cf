/** The option `--on MACHINE` and what it names. */
import { Option } from 'commander';
import type { Machine, MachineWithDrivers } from '../function/index.js';
import { resolve } from 'node:path';
import { isFolder, isMachineName, openMachine, UnknownMachineError } from '../machines/open-machine.js';
import { OpenslotError } from '../pci/errors.js';
import { shellWord } from './next-command.js';

/** A simulated machine lives in the process that owns it, and none does. */
export class SimNotRunningError extends OpenslotError {
  readonly code = 'SIM_NOT_RUNNING';
  constructor(socket: string, options?: ErrorOptions) {
    super(
      `no simulated machine runs: nobody listens at ${socket}`,
      { socket },
      'in another terminal: openslot demo --keep; or: openslot serve --on sim',
      options,
    );
  }
}

/** Nobody said which of two machines is to be changed. */
export class MachineAmbiguousError extends OpenslotError {
  readonly code = 'MACHINE_AMBIGUOUS';
  constructor(socket: string) {
    super(
      `a simulated machine runs beside this host (${socket}), and it was not said which of them is meant`,
      { socket },
      'add --on sim, or --on linux for the real functions of this host',
    );
  }
}

/** Claims, guests and a back end are an owner's, and this machine is opened by whoever names it. */
export class MachineWithoutOwnerError extends OpenslotError {
  readonly code = 'MACHINE_WITHOUT_OWNER';
  constructor(machine: string) {
    super(
      `${machine} has no owner that keeps a pool or guests: each command that names it opens it for itself`,
      { machine },
      `use --on linux or --on sim; serve it to programs: openslot proto mount DIRECTORY --on ${shellWord(machine)}`,
    );
  }
}

/** A machine that another process owns is recorded there, if anywhere. */
export class RecordElsewhereError extends OpenslotError {
  readonly code = 'RECORD_ELSEWHERE';
  constructor(machine: string) {
    super(
      `${machine} is driven by the process that owns it: nothing of it passes through this command to be recorded`,
      { machine },
      'name a machine that this command opens (sim:FILE), or record there: openslot proto mount DIRECTORY --record FILE',
    );
  }
}

export interface MachineChoice {
  /** Undefined where nobody said it: this host, unless that would be a surprise. */
  readonly on?: string;
}

/** All that a guest program can run on. */
export const RUNNING_SIM = 'sim (the simulated machine that runs)';
const THIS_HOST = 'linux (this host, if nothing is said)';
const ON_DISK = 'sim:DIR (a simulated host on disk)';

const ALL_MACHINES =
  `${THIS_HOST}, ${RUNNING_SIM}, ${ON_DISK}, or one that the command opens for itself: ` +
  "sim:FILE, capture:FILE, proto:DIR, replay:FILE, 'qemu:ARGUMENTS'";

/** For commands that change a pool. */
export const POOL_MACHINES = `${THIS_HOST}, ${RUNNING_SIM}, or ${ON_DISK}`;
/** For commands that ask for a guest of Xen. */
export const XEN_MACHINES = `${THIS_HOST}, or ${RUNNING_SIM}`;

/** `machines`: those that the command takes, as its help says them. */
export function machineOption(machines = ALL_MACHINES): Option {
  return new Option('--on <machine>', `where the functions live: ${machines}`).env('OPENSLOT_ON');
}

export interface RecordChoice extends MachineChoice {
  readonly record?: string;
}

/** For commands that drive functions. */
export function recordOption(): Option {
  return new Option(
    '--record <file>',
    'write all accesses to a file, to be replayed with --on replay:FILE',
  ).env('OPENSLOT_RECORD');
}

/** `sim:FILE` is a simulated machine that FILE describes: its owner needs the file, others may open one like it. */
export type ChosenMachine =
  | { readonly name: 'linux' }
  | { readonly name: 'sim'; readonly file?: string }
  /** `sim:DIR`: a simulated host on disk. As on this host, whoever changes it owns it for so long. */
  | { readonly name: `sim:${string}`; readonly folder: string }
  /** Any other, by its whole name: who uses it opens it. */
  | { readonly name: 'other'; readonly on: string };

/** A machine that has an owner, or could have. */
export type OwnedMachine = Exclude<ChosenMachine, { readonly name: 'other' }>;

/** @throws {UnknownMachineError} */
export function chosenMachine({ on }: MachineChoice): ChosenMachine {
  if (on === undefined || on === '' || on === 'linux') return { name: 'linux' };
  if (on === 'sim') return { name: on };
  if (on.startsWith('sim:') && on.length > 4) return simulated(on.slice(4));
  if (isMachineName(on) && on.includes(':')) return { name: 'other', on };
  throw new UnknownMachineError(on);
}

function simulated(path: string): ChosenMachine {
  if (!isFolder(path)) return { name: 'sim', file: path };
  const folder = resolve(path);
  return { name: `sim:${folder}`, folder };
}

/** For commands that need an owner. @throws {UnknownMachineError | MachineWithoutOwnerError} */
export function ownedMachine(choice: MachineChoice): OwnedMachine {
  const chosen = chosenMachine(choice);
  if (chosen.name === 'other') throw new MachineWithoutOwnerError(chosen.on);
  return chosen;
}

/** The name of a machine that the command opens for itself; undefined for this host and for the one that runs. */
export function machineOfItsOwn(choice: MachineChoice): string | undefined {
  const chosen = chosenMachine(choice);
  if ('folder' in chosen) return chosen.name;
  if (chosen.name === 'other') return chosen.on;
  return chosen.name === 'sim' && chosen.file !== undefined ? `sim:${chosen.file}` : undefined;
}

/** Whether a machine's pool is on disk: this host's, and that of a simulated host in a folder. */
export function keepsPool(choice: MachineChoice): boolean {
  const chosen = chosenMachine(choice);
  return chosen.name === 'linux' || 'folder' in chosen;
}

/** Opens what the command drives itself: a machine of its own, else this host. @throws {RecordElsewhereError} */
export async function openChosen(choice: RecordChoice): Promise<Machine> {
  const chosen = chosenMachine(choice);
  const own = machineOfItsOwn(choice);
  if (own === undefined && chosen.name === 'sim') throw new RecordElsewhereError('sim');
  return openMachine(own ?? 'linux', { record: choice.record });
}

/** A host that a command can own for its own duration: this one, or a simulated one on disk. */
export async function openOwned(chosen: OwnedMachine): Promise<MachineWithDrivers> {
  if (!('folder' in chosen)) return openHost();
  const { openMachineFolder } = await import('../machines/sim/index.js');
  return openMachineFolder(chosen.folder);
}

/** This host's functions. */
export async function openHost(): Promise<MachineWithDrivers> {
  const { LinuxMachine } = await import('../machines/linux/index.js');
  return new LinuxMachine();
}

/** Guests are programs on the simulated machine only; those of a real Xen are its own tool stack's. */
export class GuestsElsewhereError extends OpenslotError {
  readonly code = 'GUESTS_ELSEWHERE';
  constructor(machine: string) {
    super(
      `guest programs run on the simulated machine, not on ${machine}`,
      { machine },
      'add --on sim (or set OPENSLOT_ON=sim); guests of a real Xen are made by xl create',
    );
  }
}

/** A simulated host on disk has drivers and claims, and no hypervisor: nobody serves guests there. */
export class MachineWithoutGuestsError extends OpenslotError {
  readonly code = 'MACHINE_WITHOUT_GUESTS';
  constructor(machine: string) {
    super(
      `${machine} is a host on disk, which has no guests`,
      { machine },
      'have some: openslot serve --on sim; or attach to the file of one: xl:FILE, libvirt:FILE',
    );
  }
}

/** @throws {GuestsElsewhereError | UnknownMachineError} */
export function requireSim(choice: MachineChoice): void {
  const chosen = chosenMachine(choice);
  if (chosen.name !== 'sim')
    throw new GuestsElsewhereError(chosen.name === 'other' ? chosen.on : chosen.name);
}
