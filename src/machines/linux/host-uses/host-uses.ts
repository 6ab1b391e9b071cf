/** What this Linux does with each of its functions, gathered from /proc and /sys when it is asked. */
import type { HostUse } from '../../../function/index.js';
import type { PciAddress } from '../../../pci/index.js';
import { HostFiles, type HostRoots } from './host-files.js';
import { networkUses } from './network-uses.js';
import type { PlacedUse } from './placed-use.js';
import { storageUses } from './storage-uses.js';

export class HostUses {
  readonly #files: HostFiles;

  constructor(roots: HostRoots) {
    this.#files = new HostFiles(roots);
  }

  /** Of a bridge all uses of what stands behind it; of a physical function also those of its virtual ones. */
  of(address: PciAddress): readonly HostUse[] {
    const name = String(address);
    return this.#all()
      .filter(({ functions }) => functions.has(name))
      .map(({ use }) => use);
  }

  #all(): readonly PlacedUse[] {
    return [...storageUses(this.#files), ...networkUses(this.#files)];
  }
}
