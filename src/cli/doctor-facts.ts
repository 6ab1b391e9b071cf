/** What `openslot doctor` tells the checks of a host besides its files. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { DoctorFacts, FunctionFinding, HostFiles, Layer, Purpose } from '../admin/doctor/index.js';
import { describeFinding, Examiner } from '../admin/index.js';
import { captureMachine, type MachineWithDrivers } from '../function/index.js';
import { LinuxMachine } from '../machines/linux/index.js';
import { machineFiles } from '../owner/index.js';
import { OpenslotError, type PciAddress } from '../pci/index.js';
import { FileJournal, Pool } from '../pool/index.js';
import { askXen, KNOWN_VERSIONS, runsOnXen } from '../xen/native/index.js';
import { FolderFiles } from './host-files.js';
import { readLeftovers } from './leftovers.js';
import { openOwned, ownedMachine, type MachineChoice } from './machine-option.js';

/** It is neither this host, nor a saved one, nor one on disk. */
export class MachineNotExaminedError extends OpenslotError {
  readonly code = 'MACHINE_NOT_EXAMINED';
  constructor(machine: string) {
    super(
      `openslot doctor examines this host, a saved one, or a simulated one on disk, and not ${machine}`,
      { machine },
      'examine a host in a folder (--on sim:DIR, --root DIR); what is to be said of the functions there: openslot explain',
    );
  }
}

/** What is not there would be told as what the host lacks. */
export class SavedHostAbsentError extends OpenslotError {
  readonly code = 'SAVED_HOST_ABSENT';
  constructor(root: string) {
    super(
      `${root} is no tree that was saved of a host: it has no proc/sys/kernel/osrelease`,
      { root },
      'docs/doctor.md has the script that saves one',
    );
  }
}

export interface ExaminedChoice extends MachineChoice {
  /** A tree that was saved of a host; undefined: this one. */
  readonly root?: string;
  readonly pin?: number;
}

export interface ExaminedHost {
  readonly files: HostFiles;
  readonly facts: DoctorFacts;
  /** What can be asked; undefined: everything. */
  readonly layers?: readonly Layer[];
  /** What it can be for; undefined: what its files say. */
  readonly purposes?: readonly Purpose[];
}

/** Everything is read before a check is asked. @throws {SavedHostAbsentError}, and what opening the machine throws. */
export async function examineHost(
  choice: ExaminedChoice,
  address: PciAddress | undefined,
): Promise<ExaminedHost> {
  const { root, pin } = choice;
  const uid = process.getuid?.() ?? 0;
  if (root !== undefined && !existsSync(join(root, 'proc/sys/kernel/osrelease')))
    throw new SavedHostAbsentError(root);
  const files = new FolderFiles(root === undefined ? undefined : { root, uid });
  const chosen = ownedMachine(choice);
  if (root === undefined && chosen.name === 'sim') throw new MachineNotExaminedError(choice.on ?? 'sim');
  using machine = root === undefined ? await openOwned(chosen) : new LinuxMachine(machineOf(root));
  const simulated = chosen.name !== 'linux';
  // A host without PCI is examined as well: it has no functions.
  const there = simulated || existsSync(join(root ?? '/', 'sys/bus/pci/devices'));
  const functions = there ? machine.list() : [];
  const lives = root === undefined;
  const facts: DoctorFacts = {
    machine: machine.name,
    user: { uid },
    functions,
    capture: address === undefined ? undefined : captureMachine(machine, { vpd: false }),
    findings: lives && address !== undefined ? await findingsOf(machine, address) : undefined,
    kernelConfig: simulated ? undefined : kernelConfig(files, root ?? '/'),
    pinned: pin,
    knownXen: KNOWN_VERSIONS,
    // Only this host's own answer.
    xen: lives && !simulated && runsOnXen() ? await askXen() : undefined,
    leftovers: lives ? await readLeftovers(machine.name) : undefined,
  };
  return simulated
    ? { files: NO_FILES, facts, layers: SIMULATED_LAYERS, purposes: ['xen', 'proto'] }
    : { files, facts };
}

/** A simulated host has functions, drivers and a pool, and neither firmware nor a kernel. */
const SIMULATED_LAYERS: readonly Layer[] = ['function', 'openslot'];

const NO_FILES: HostFiles = {
  read: () => ({ errno: 'ENOENT' }),
  list: () => undefined,
  link: () => undefined,
  status: () => undefined,
  opens: () => false,
};

/** What taking the function, or giving it to a guest, would be told. */
async function findingsOf(
  machine: MachineWithDrivers,
  address: PciAddress,
): Promise<readonly FunctionFinding[]> {
  const examiner = new Examiner({
    machine,
    pool: poolOf(machine),
    store: undefined,
    translates: () => undefined,
  });
  return (await examiner.look(address)).map(describeFinding);
}

/** To be looked at. A journal that cannot be read has a check of its own. */
function poolOf(machine: MachineWithDrivers): Pick<Pool, 'list'> {
  try {
    return new Pool(machine, new FileJournal(machineFiles(machine.name).claims));
  } catch (error) {
    if (!(error instanceof OpenslotError)) throw error;
    return { list: () => [] };
  }
}

function machineOf(root: string | undefined): ConstructorParameters<typeof LinuxMachine>[0] {
  if (root === undefined) return {};
  const below = (path: string) => join(root, path);
  return {
    root: below('sys/bus/pci'),
    modules: below('lib/modules'),
    uio: { root: below('sys/class/uio'), devices: below('dev') },
  };
}

/** As distributions install it beside the kernel, or as the kernel itself shows it. */
function kernelConfig(files: HostFiles, root: string): string | undefined {
  const release = files.read('/proc/sys/kernel/osrelease');
  const name = 'bytes' in release ? Buffer.from(release.bytes).toString('latin1').trim() : '';
  try {
    return readFileSync(join(root, `boot/config-${name}`), 'latin1');
  } catch {
    const packed = files.read('/proc/config.gz');
    if (!('bytes' in packed)) return undefined;
    try {
      return gunzipSync(packed.bytes).toString('latin1');
    } catch {
      return undefined;
    }
  }
}
