/** Opens a machine by the name that users write: the table of all kinds of machines. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readGivenFile } from '../durable/given-file.js';
import type { Machine } from '../function/index.js';
import { OpenslotError } from '../pci/errors.js';

/** No machine has this name. */
export class UnknownMachineError extends OpenslotError {
  readonly code = 'MACHINE_UNKNOWN';
  constructor(name: string) {
    const known = machineForms();
    super(
      `there is no machine "${name}"; there are ${known.join(', ')}`,
      { name, known },
      'openslot list --on sim',
    );
  }
}

/** The file of a simulated machine's description cannot be read. */
export class DescriptionUnreadableError extends OpenslotError {
  readonly code = 'MACHINE_DESCRIPTION_UNREADABLE';
  constructor(file: string, errno: string, options?: ErrorOptions) {
    super(`${file} cannot be read: ${errno}`, { file, errno }, 'name the file as sim:FILE', options);
  }
}

/** The text of a description. @throws {DescriptionUnreadableError} */
export function readDescription(file: string): string {
  try {
    return readGivenFile(file, 'utf8');
  } catch (cause) {
    throw new DescriptionUnreadableError(file, (cause as NodeJS.ErrnoException).code ?? String(cause), {
      cause,
    });
  }
}

interface MachineKind {
  /** As help and messages write it. */
  readonly form: string;
  /** `rest` is what stands behind the colon, undefined without one. */
  readonly open: (rest: string | undefined, options: OpenMachineOptions) => Promise<Machine>;
}

/** Of {@link openMachine}; what a kind of machine has no use for is passed over. */
export interface OpenMachineOptions {
  /** File that what a program does with the machine is recorded in; absent: OPENSLOT_RECORD of the environment. */
  readonly record?: string | undefined;
  /** Avoided by a process that must outlive its devices: the registers of one that vanishes may end who maps them. */
  readonly mapping?: 'allowed' | 'avoided';
}

const KINDS: Readonly<Record<string, MachineKind>> = {
  linux: {
    form: 'linux',
    open: async (rest, { mapping = 'allowed' }) => {
      if (rest !== undefined) throw new UnknownMachineError(`linux:${rest}`);
      const { LinuxMachine } = await import('./linux/index.js');
      return new LinuxMachine({ mapping });
    },
  },
  sim: {
    form: 'sim[:PATH]',
    open: async (file) => {
      const [{ openMachineFolder, parseMachine, SimMachine }, { MemoryFile }] = await Promise.all([
        import('./sim/index.js'),
        import('../os/index.js'),
      ]);
      if (file === '') throw new UnknownMachineError('sim:');
      // Made where a program first wants DMA: without it the simulator needs no native code.
      const options = { memoryFile: () => new MemoryFile('openslot sim') };
      if (file !== undefined && isFolder(file)) return openMachineFolder(resolve(file), options);
      const description = file === undefined ? undefined : parseMachine(readDescription(file));
      return new SimMachine(description, options);
    },
  },
  proto: {
    form: 'proto:DIR',
    open: async (directory) => {
      if (directory === undefined || directory === '')
        throw new UnknownMachineError(written('proto', directory));
      const { DeviceFilesMachine } = await import('./device-files/index.js');
      return new DeviceFilesMachine(directory);
    },
  },
  replay: {
    form: 'replay:FILE',
    open: async (file) => {
      if (file === undefined || file === '') throw new UnknownMachineError(written('replay', file));
      const { ReplayMachine } = await import('./recording/index.js');
      return new ReplayMachine(file);
    },
  },
  capture: {
    form: 'capture:FILE',
    open: async (file) => {
      if (file === undefined || file === '') throw new UnknownMachineError(written('capture', file));
      const { CaptureMachine } = await import('./capture/capture-machine.js');
      return CaptureMachine.read(file);
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

/** A name again as it was written. */
function written(kind: string, rest: string | undefined): string {
  return rest === undefined ? kind : `${kind}:${rest}`;
}

/** Whether `sim:PATH` is a host on disk, and no description alone. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** How users name machines, of every kind. */
export function machineForms(): readonly string[] {
  return Object.values(KINDS).map(({ form }) => form);
}

/** Whether there is a kind of machine that such a name is of; what stands behind the colon is not looked at. */
export function isMachineName(name: string): boolean {
  return kindOf(name) !== undefined;
}

function kindOf(name: string): MachineKind | undefined {
  const kind = name.split(':', 1)[0] ?? '';
  return Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
}

/**
 * Opens a machine in this process; a simulated one is its own and nobody else's. What a program does with it is recorded
 * where a file is named, by `record` or by the environment's OPENSLOT_RECORD.
 * @throws {UnknownMachineError | RecordingFileError} and what the machine itself refuses.
 */
export async function openMachine(name: string, options: OpenMachineOptions = {}): Promise<Machine> {
  const { record = process.env['OPENSLOT_RECORD'] } = options;
  const colon = name.indexOf(':');
  const kind = kindOf(name);
  if (kind === undefined) throw new UnknownMachineError(name);
  const machine = await kind.open(colon < 0 ? undefined : name.slice(colon + 1), options);
  if (record === undefined || record === '') return machine;
  const { recordMachine } = await import('./recording/index.js');
  try {
    return recordMachine(machine, record);
  } catch (cause) {
    machine[Symbol.dispose]();
    throw cause;
  }
}
