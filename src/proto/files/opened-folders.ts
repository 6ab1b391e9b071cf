/** The folders of devices that are there now, by name: each that comes or goes is told of, and each that cannot be opened. */
import { OpenslotError } from '../../pci/index.js';
import type { FolderChange, HeldFolder } from './device-folder.js';

export interface OpenedFolder extends HeldFolder {
  /** Its device is gone, or somebody else's. */
  remove(): void;
}

export class OpenedFolders<Folder extends OpenedFolder> {
  readonly #folders = new Map<string, Folder>();
  /** Those that could not be opened, each with the last reason. */
  readonly #unavailable = new Map<string, string>();
  readonly #onChange: (change: FolderChange) => void;

  constructor(onChange: (change: FolderChange) => void = () => undefined) {
    this.#onChange = onChange;
  }

  get(name: string): Folder | undefined {
    return this.#folders.get(name);
  }

  has(name: string): boolean {
    return this.#folders.has(name);
  }

  /** In the order in which they came. */
  list(): readonly Folder[] {
    return [...this.#folders.values()];
  }

  /** Some could not be opened: only another look tells whether they can be now. */
  get lacksSome(): boolean {
    return this.#unavailable.size > 0;
  }

  /** One that went while it was looked at, or cannot be opened now, is told of once a reason: the next look tries again. */
  open(name: string, make: () => Folder): void {
    let folder: Folder;
    try {
      folder = make();
    } catch (error) {
      if (!(error instanceof OpenslotError)) throw error;
      if (this.#unavailable.get(name) !== error.message)
        this.#onChange({ change: 'unavailable', name, why: error.message });
      this.#unavailable.set(name, error.message);
      return;
    }
    this.#unavailable.delete(name);
    this.#folders.set(name, folder);
    this.#onChange({ change: 'appeared', name, folder });
  }

  /** Only these may still be tried: what is not wanted any more, or is gone, is told of anew when it comes back. */
  tryOnly(wanted: (name: string) => boolean): void {
    for (const name of [...this.#unavailable.keys()]) if (!wanted(name)) this.#unavailable.delete(name);
  }

  remove(folder: Folder, why: string): void {
    const { name } = folder;
    this.#folders.delete(name);
    this.#onChange({ change: 'removed', name, why });
    folder.remove();
  }

  /** Without a word: who takes it ends it. */
  take(name: string): Folder | undefined {
    const folder = this.#folders.get(name);
    this.#folders.delete(name);
    return folder;
  }

  takeAll(): readonly Folder[] {
    const all = this.list();
    this.#folders.clear();
    return all;
  }
}
