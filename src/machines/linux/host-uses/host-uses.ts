/** What this Linux does with each of its functions, gathered from /proc and /sys when it is asked. */
import type { HostUse } from '../../../function/index.js';
import type { PciAddress } from '../../../pci/index.js';
import { consoleUses } from './console-uses.js';
import { HostFiles, type HostRoots } from './host-files.js';
import { InterfaceStack } from './interface-stack.js';
import { networkUses } from './network-uses.js';
import { openFiles } from './open-files.js';
import { ownUses } from './own-uses.js';
import { lookAtProcesses, LOOKING_TIME, type LookingTime, type Processes } from './processes.js';
import { sessionUses } from './session-uses.js';
import { storageUses } from './storage-uses.js';

export class HostUses {
  readonly #files: HostFiles;
  readonly #time: LookingTime;

  constructor(roots: HostRoots, time: LookingTime = LOOKING_TIME) {
    this.#files = new HostFiles(roots);
    this.#time = time;
  }

  /** Of a bridge all uses of what stands behind it; of a physical function also those of its virtual ones. */
  of(address: PciAddress): readonly HostUse[] {
    const name = String(address);
    const files = this.#files;
    const processes = lookAtProcesses(files, this.#time);
    const interfaces = new InterfaceStack(files);
    const placed = [
      ...storageUses(files, processes.namespaces),
      ...networkUses(files, interfaces),
      ...sessionUses(files, interfaces, processes),
      ...consoleUses(files),
      ...openFiles(files, processes),
    ];
    const uses = placed.filter(({ functions }) => functions.has(name)).map(({ use }) => use);
    return [...uses, ...ownUses(files, name), ...unseen(processes)];
  }
}

function unseen({ denied, cut }: Processes): readonly HostUse[] {
  const uses: HostUse[] = [];
  if (denied > 0) {
    const via = `files of ${denied} ${denied === 1 ? 'process' : 'processes'}`;
    uses.push({ kind: 'unseen', via, why: 'this user may not see them' });
  }
  if (cut) uses.push({ kind: 'unseen', via: 'files of some processes', why: 'it would have taken too long' });
  return uses;
}
