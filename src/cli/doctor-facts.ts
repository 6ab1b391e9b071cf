/** What `openslot doctor` tells the checks of a host besides its files. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { DoctorFacts, HostFiles } from '../admin/doctor/index.js';
import { captureMachine } from '../function/index.js';
import { LinuxMachine } from '../machines/linux/index.js';
import type { PciAddress } from '../pci/index.js';
import { askXen, KNOWN_VERSIONS, runsOnXen } from '../xen/native/index.js';
import { FolderFiles } from './host-files.js';
import { readLeftovers } from './leftovers.js';

export interface ExaminedChoice {
  /** A tree that was saved of a host; undefined: this one. */
  readonly root?: string;
  readonly pin?: number;
}

/** Everything is read before a check is asked. */
export async function examineHost(
  { root, pin }: ExaminedChoice,
  address: PciAddress | undefined,
): Promise<{ readonly files: HostFiles; readonly facts: DoctorFacts }> {
  const uid = process.getuid?.() ?? 0;
  const files = new FolderFiles(root === undefined ? undefined : { root, uid });
  using machine = new LinuxMachine(machineOf(root));
  // A host without PCI is examined as well: it has no functions.
  const functions = existsSync(join(root ?? '/', 'sys/bus/pci/devices')) ? machine.list() : [];
  const capture = address === undefined ? undefined : captureMachine(machine, { vpd: false });
  return {
    files,
    facts: {
      user: { uid },
      functions,
      capture,
      findings: undefined,
      kernelConfig: kernelConfig(files, root ?? '/'),
      pinned: pin,
      knownXen: KNOWN_VERSIONS,
      // Only this host's own answer.
      xen: root === undefined && runsOnXen() ? await askXen() : undefined,
      leftovers: root === undefined ? await readLeftovers(machine.name) : undefined,
    },
  };
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
