/** Opens a machine by the name that users write: `linux`, `sim`, `sim:FILE`, `qemu:ARGUMENTS`. */
import { readFileSync } from 'node:fs';
import type { Machine } from '../function/index.js';
import { OpenslotError } from '../pci/index.js';

/** No machine has this name. */
export class UnknownMachineError extends OpenslotError {
  readonly code = 'MACHINE_UNKNOWN';
  constructor(name: string) {
    const known = Object.values(KINDS).map(({ form }) => form);
    super(
      `there is no machine "${name}"; there are ${known.join(', ')}`,
      { name, known },
      'openslot list --on sim',
    );
  }
}

interface MachineKind {
  /** As help and messages write it. */
  readonly form: string;
  /** `rest` is what stands behind the colon, undefined without one. */
  readonly open: (rest: string | undefined) => Promise<Machine>;
}

const KINDS: Readonly<Record<string, MachineKind>> = {
  linux: {
    form: 'linux',
    open: async (rest) => {
      if (rest !== undefined) throw new UnknownMachineError(`linux:${rest}`);
      const { LinuxMachine } = await import('./linux/index.js');
      return new LinuxMachine();
    },
  },
  sim: {
    form: 'sim[:FILE]',
    open: async (file) => {
      const { parseMachine, SimMachine } = await import('./sim/index.js');
      return new SimMachine(file === undefined ? undefined : parseMachine(readFileSync(file, 'utf8')));
    },
  },
  qemu: {
    form: "'qemu:ARGUMENTS'",
    open: async (given) => {
      const { QemuMachine } = await import('./qemu/index.js');
      return QemuMachine.start(given ?? '');
    },
  },
};

/**
 * Opens a machine in this process; a simulated one is its own and nobody else's.
 * @throws {UnknownMachineError} and what the machine itself refuses.
 */
export async function openMachine(name: string): Promise<Machine> {
  const colon = name.indexOf(':');
  const kind = KINDS[colon < 0 ? name : name.slice(0, colon)];
  if (kind === undefined) throw new UnknownMachineError(name);
  return kind.open(colon < 0 ? undefined : name.slice(colon + 1));
}
