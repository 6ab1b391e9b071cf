/** The option `--on MACHINE` and what it names. */
import { Option } from 'commander';
import type { HostDrivers, Machine } from '../function/index.js';
import { UnknownMachineError } from '../machines/index.js';
import { OpenslotError } from '../pci/errors.js';

/** A simulated machine lives in the process that owns it, and none does. */
export class SimNotRunningError extends OpenslotError {
  readonly code = 'SIM_NOT_RUNNING';
  constructor(socket: string, options?: ErrorOptions) {
    super(
      `no simulated machine runs: nobody listens at ${socket}`,
      { socket },
      'in another terminal: openslot demo --keep, or openslot serve --on sim',
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

export interface MachineChoice {
  /** Undefined where nobody said it: this host, unless that would be a surprise. */
  readonly on?: string;
}

export function machineOption(): Option {
  return new Option(
    '--on <machine>',
    'where the functions live: linux (this host, if nothing is said), sim (the simulated machine)',
  ).env('OPENSLOT_ON');
}

/** `sim:FILE` is a simulated machine that FILE describes; only its owner needs the file. */
export type ChosenMachine = { readonly name: 'linux' } | { readonly name: 'sim'; readonly file?: string };

/** @throws {UnknownMachineError} */
export function chosenMachine({ on }: MachineChoice): ChosenMachine {
  if (on === undefined || on === '' || on === 'linux') return { name: 'linux' };
  if (on === 'sim') return { name: on };
  if (on.startsWith('sim:') && on.length > 4) return { name: 'sim', file: on.slice(4) };
  throw new UnknownMachineError(on);
}

/** This host's functions. */
export async function openHost(): Promise<Machine & { readonly drivers: HostDrivers }> {
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

/** @throws {GuestsElsewhereError | UnknownMachineError} */
export function requireSim(choice: MachineChoice): void {
  const { name } = chosenMachine(choice);
  if (name !== 'sim') throw new GuestsElsewhereError(name);
}
