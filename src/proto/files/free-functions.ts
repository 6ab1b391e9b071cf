/** The functions of a machine that nobody drives, as folders: they come and go with the devices and with the host's drivers. */
import { PROGRAM_HOLDERS, type FunctionSummary, type Machine, type Presence } from '../../function/index.js';
import { notations, type PciAddress } from '../../pci/index.js';
import type { DeviceFolder, DeviceFolders, FolderChange } from './device-folder.js';
import { FunctionFolder, type FileSource } from './function-folder.js';
import { OpenedFolders } from './opened-folders.js';

/** Whoever is bound to these waits for us. */
const HOLDERS: ReadonlySet<string> = new Set(Object.values(PROGRAM_HOLDERS));
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

/** Why a function has no files; undefined for one of type 0 that no driver has. */
export function notFree({ headerType, driver }: FunctionSummary): string | undefined {
  if (headerType !== 0) return `its header is of type ${headerType}, a bridge's`;
  return driver === undefined || HOLDERS.has(driver) ? undefined : `the driver ${driver} has it`;
}

/**
 * Whether the IOMMU keeps the function's DMA to what its program was given: on a real machine only VFIO sees to that.
 * A machine whose memory is its own has nothing of the host's to reach.
 */
function isIsolated({ capabilities }: Machine, { driver, iommuGroup }: FunctionSummary): boolean {
  return !capabilities.machineFrames || (driver === PROGRAM_HOLDERS.vfio && iommuGroup !== undefined);
}

export class FreeFunctions implements DeviceFolders {
  readonly #options: FreeFunctionsOptions;
  readonly #folders: OpenedFolders<FunctionFolder>;
  /** Where the machine tells of it without touching a device: what was there at the last look. */
  #present: string | undefined;
  #instances = new Map<number, number>();
  #looked = -Infinity;

  constructor(options: FreeFunctionsOptions) {
    this.#options = options;
    this.#folders = new OpenedFolders(options.onChange);
  }

  list(): readonly FunctionFolder[] {
    this.#lookAgain();
    return [...this.#folders.list()].sort((a, b) => a.address.sbdf - b.address.sbdf);
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

  /**
   * Looks at the machine: new folders for what has become free, an end for what is gone or has got a driver. Where
   * nothing has changed no device is touched, but for those that could not be opened.
   */
  refresh(): void {
    this.#looked = performance.now();
    const present = this.#options.machine.present?.();
    const text = present === undefined ? undefined : JSON.stringify(present);
    if (text !== undefined && text === this.#present && !this.#folders.lacksSome) return;
    if (present !== undefined) this.#removeReplaced(present);
    this.#compare(this.#options.machine.list());
    // Not before: a look that failed is made again.
    this.#present = text;
  }

  /** Who stands at the address of a folder that was made for another device. */
  #removeReplaced(present: readonly Presence[]): void {
    for (const { address, instance } of present) {
      const folder = this.folderOf(address);
      if (folder !== undefined && this.#instances.get(address.sbdf) !== instance)
        this.#folders.remove(folder, 'another device has come to its place');
    }
    this.#instances = new Map(present.map(({ address, instance }) => [address.sbdf, instance]));
  }

  #compare(summaries: readonly FunctionSummary[]): void {
    const { machine, sources } = this.#options;
    const refusals = new Map<string, string | undefined>();
    for (const summary of summaries) {
      const { address } = summary;
      const name = notations.proto.format(address);
      const why = this.#refusal(summary);
      refusals.set(name, why);
      if (why === undefined && !this.#folders.has(name))
        this.#folders.open(name, () => new FunctionFolder(address, () => machine.open(address), sources));
    }
    this.#folders.tryOnly((name) => refusals.has(name) && refusals.get(name) === undefined);
    for (const folder of this.#folders.list()) {
      const { name } = folder;
      const why = refusals.has(name) ? refusals.get(name) : 'it is gone';
      if (why !== undefined) this.#folders.remove(folder, why);
    }
  }

  #refusal(summary: FunctionSummary): string | undefined {
    const { machine, only, onlyIsolated = false } = this.#options;
    if (only !== undefined && !only.some((one) => one.equals(summary.address))) return 'it was not asked for';
    const why = notFree(summary);
    if (why !== undefined) return why;
    return onlyIsolated && !isIsolated(machine, summary) ? 'no IOMMU keeps its DMA apart' : undefined;
  }

  /** The orderly end of a function's folder, as long as nobody looks again. */
  leave(address: PciAddress): void {
    this.#folders.take(notations.proto.format(address))?.leave();
  }

  /** The orderly end of every folder. */
  leaveAll(): void {
    for (const folder of this.#folders.takeAll()) folder.leave();
  }
}
