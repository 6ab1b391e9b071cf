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
  /** Only functions whose DMA reaches nothing but what their program was given: others may have their files. */
  readonly onlyIsolated?: boolean;
  readonly onChange?: (change: FolderChange) => void;
}

export interface FolderChange {
  readonly change: 'appeared' | 'removed';
  readonly folder: FunctionFolder;
  /** Why it is removed. */
  readonly why?: string;
}

/** Why a function has no files; undefined for one of type 0 that no driver has. */
export function notFree({ headerType, driver }: FunctionSummary): string | undefined {
  if (headerType !== 0) return `its header is of type ${headerType}, a bridge's`;
  return driver === undefined || HOLDERS.has(driver) ? undefined : `the driver ${driver} has it`;
}

/**
 * Whether the IOMMU keeps the function's DMA to what its program was given: on a real machine only VFIO sees to that.
 * A machine whose memory is its own has nothing of the host's to reach.
 */
export function isIsolated({ capabilities }: Machine, { driver, iommuGroup }: FunctionSummary): boolean {
  return !capabilities.machineFrames || (driver === 'vfio-pci' && iommuGroup !== undefined);
}

export class FreeFunctions implements DeviceFolders {
  readonly #options: FreeFunctionsOptions;
  readonly #folders = new Map<string, FunctionFolder>();
  #looked = -Infinity;

  constructor(options: FreeFunctionsOptions) {
    this.#options = options;
  }

  list(): readonly FunctionFolder[] {
    this.#lookAgain();
    return [...this.#folders.values()].sort((a, b) => a.address.sbdf - b.address.sbdf);
  }

  find(name: string): DeviceFolder | undefined {
    this.#lookAgain();
    return this.#folders.get(name);
  }

  folderOf(address: PciAddress): FunctionFolder | undefined {
    return this.#folders.get(notations.proto.format(address));
  }

  #lookAgain(): void {
    if (performance.now() - this.#looked > FRESH_MS) this.refresh();
  }

  /** Looks at the machine: new folders for what has become free, an end for what is gone or has got a driver. */
  refresh(): void {
    const { machine } = this.#options;
    const kept = new Map<string, string | undefined>();
    for (const summary of machine.list()) {
      const { address } = summary;
      const name = notations.proto.format(address);
      const why = this.#refusal(summary);
      kept.set(name, why);
      if (why === undefined && !this.#folders.has(name)) this.#add(address);
    }
    for (const [name, folder] of [...this.#folders]) {
      const why = kept.has(name) ? kept.get(name) : 'it is gone';
      if (why !== undefined) this.#remove(folder, why);
    }
    this.#looked = performance.now();
  }

  #refusal(summary: FunctionSummary): string | undefined {
    const { machine, only, onlyIsolated = false } = this.#options;
    if (only !== undefined && !only.some((one) => one.equals(summary.address))) return 'it was not asked for';
    const why = notFree(summary);
    if (why !== undefined) return why;
    return onlyIsolated && !isIsolated(machine, summary) ? 'no IOMMU keeps its DMA apart' : undefined;
  }

  #add(address: PciAddress): void {
    const { machine, sources, onChange } = this.#options;
    let folder: FunctionFolder;
    try {
      folder = new FunctionFolder(address, () => machine.open(address), sources);
    } catch (error) {
      // It went while it was looked at, or cannot be opened now: the next look tries again.
      if (error instanceof OpenslotError) return;
      throw error;
    }
    this.#folders.set(folder.name, folder);
    onChange?.({ change: 'appeared', folder });
  }

  #remove(folder: FunctionFolder, why: string): void {
    this.#folders.delete(folder.name);
    this.#options.onChange?.({ change: 'removed', folder, why });
    folder.remove();
  }

  /** The orderly end of a function's folder, as long as nobody looks again. */
  leave(address: PciAddress): void {
    const folder = this.folderOf(address);
    if (folder === undefined) return;
    this.#folders.delete(folder.name);
    folder.leave();
  }

  /** The orderly end of every folder. */
  leaveAll(): void {
    for (const folder of this.#folders.values()) folder.leave();
    this.#folders.clear();
  }
}
