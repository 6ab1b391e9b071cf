/** The functions of a machine that nobody drives, as folders: they come and go with the devices and with the host's drivers. */
import type { FunctionSummary, Machine } from '../../function/index.js';
import { notations, OpenslotError, type PciAddress } from '../../pci/index.js';
import type { DeviceFolder, DeviceFolders } from './device-folder.js';
import { FunctionFolder, type FileSource } from './function-folder.js';

/** Drivers that do nothing but hold a function for a program: whoever is bound to them waits for us. */
const HOLDERS: ReadonlySet<string> = new Set(['vfio-pci', 'uio_pci_generic']);
/** A look at the mount's own directory is answered with what is true at most so many milliseconds ago. */
const FRESH_MS = 100;

export interface FreeFunctionsOptions {
  readonly machine: Machine;
  readonly sources: readonly FileSource[];
  /** Only these, once they have no driver; absent: every function. */
  readonly only?: readonly PciAddress[];
  readonly onChange?: (change: FolderChange) => void;
}

export interface FolderChange {
  readonly change: 'appeared' | 'removed';
  readonly folder: FunctionFolder;
  /** Why it is removed. */
  readonly why?: string;
}

/** Why a function has no folder. */
export type NotFree = 'bridge' | { readonly driver: string };

/** Undefined for a function of type 0 that no driver has. */
export function notFree({ headerType, driver }: FunctionSummary): NotFree | undefined {
  if (headerType !== 0) return 'bridge';
  return driver === undefined || HOLDERS.has(driver) ? undefined : { driver };
}

export class FreeFunctions implements DeviceFolders {
  readonly #options: FreeFunctionsOptions;
  readonly #folders = new Map<string, FunctionFolder>();
  /** Functions that could not be opened: tried again at each look. */
  #looked = -Infinity;

  constructor(options: FreeFunctionsOptions) {
    this.#options = options;
  }

  list(): readonly FunctionFolder[] {
    if (performance.now() - this.#looked > FRESH_MS) this.refresh();
    return [...this.#folders.values()].sort((a, b) => a.address.sbdf - b.address.sbdf);
  }

  find(name: string): DeviceFolder | undefined {
    if (performance.now() - this.#looked > FRESH_MS) this.refresh();
    return this.#folders.get(name);
  }

  /** Looks at the machine: new folders for what has become free, an end for what is gone or has got a driver. */
  refresh(): void {
    const { machine, only, sources, onChange } = this.#options;
    const free = new Map<string, FunctionSummary>();
    const drivers = new Map<string, string>();
    for (const summary of machine.list()) {
      const { address } = summary;
      if (only !== undefined && !only.some((one) => one.equals(address))) continue;
      const name = notations.proto.format(address);
      const why = notFree(summary);
      if (why === undefined) free.set(name, summary);
      else if (why !== 'bridge') drivers.set(name, why.driver);
    }
    for (const [name, folder] of [...this.#folders]) {
      if (free.has(name)) continue;
      this.#folders.delete(name);
      const driver = drivers.get(name);
      onChange?.({
        change: 'removed',
        folder,
        why: driver === undefined ? 'it is gone' : `the driver ${driver} has it`,
      });
      folder.remove();
    }
    for (const [name, { address }] of free) {
      if (this.#folders.has(name)) continue;
      try {
        const folder = new FunctionFolder(address, () => machine.open(address), sources);
        this.#folders.set(name, folder);
        onChange?.({ change: 'appeared', folder });
      } catch (error) {
        // It went while it was looked at, or cannot be opened now: the next look tries again.
        if (!(error instanceof OpenslotError)) throw error;
      }
    }
    this.#looked = performance.now();
  }

  /** Ends every folder. */
  removeAll(): void {
    for (const folder of this.#folders.values()) folder.remove();
    this.#folders.clear();
  }
}
