/** The option `--on MACHINE` and what it opens. */
import { Option } from 'commander';
import type { HostDrivers, Machine } from '../function/index.js';
import { OpenslotError } from '../pci/errors.js';

/** No machine has this name. */
export class UnknownMachineError extends OpenslotError {
  readonly code = 'MACHINE_UNKNOWN';
  constructor(name: string) {
    super(`there is no machine "${name}"`, { name, known: ['linux'] }, 'openslot list --on linux');
  }
}

export interface MachineChoice {
  readonly on: string;
}

export function machineOption(): Option {
  return new Option('--on <machine>', 'where the functions live').default(
    'linux',
    'linux: this host, through sysfs',
  );
}

/** @throws {UnknownMachineError} */
export async function openMachine({
  on,
}: MachineChoice): Promise<Machine & { readonly drivers: HostDrivers }> {
  if (on !== 'linux') throw new UnknownMachineError(on);
  const { LinuxMachine } = await import('../machines/linux/index.js');
  return new LinuxMachine();
}
