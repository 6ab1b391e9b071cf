/** The nodes of a mount: numbers that the kernel knows folders and files by, from the first look at one until it forgets it. */
import type { DeviceFile } from '../files/device-file.js';
import type { DeviceFolder } from '../files/device-folder.js';
import { ROOT_NODE } from './abi.js';

export type NodeSubject =
  | { readonly kind: 'root' }
  | { readonly kind: 'folder'; readonly folder: DeviceFolder }
  | { readonly kind: 'file'; readonly folder: DeviceFolder; readonly file: DeviceFile };

export interface Node {
  readonly id: number;
  readonly subject: NodeSubject;
}

interface Entry extends Node {
  /** How often the kernel was told of it since it forgot it. */
  lookups: number;
}

/** A number is never given twice: a node that the kernel still knows cannot become another file. */
export class NodeTable {
  readonly #nodes = new Map<number, Entry>();
  readonly #ids = new WeakMap<DeviceFolder | DeviceFile, number>();
  #last = ROOT_NODE;

  constructor() {
    this.#nodes.set(ROOT_NODE, { id: ROOT_NODE, subject: { kind: 'root' }, lookups: 1 });
  }

  /** Nodes that the kernel has not forgotten, with the mount's own. */
  get size(): number {
    return this.#nodes.size;
  }

  find(id: number): Node | undefined {
    return this.#nodes.get(id);
  }

  /** Number of a folder or a file, the same for as long as it is there; its node can be found once it was looked up. */
  idOf(thing: DeviceFolder | DeviceFile): number {
    let id = this.#ids.get(thing);
    if (id === undefined) {
      id = ++this.#last;
      this.#ids.set(thing, id);
    }
    return id;
  }

  /** The kernel is told of it once more. */
  lookUp(subject: Exclude<NodeSubject, { kind: 'root' }>): Node {
    const id = this.idOf(subject.kind === 'file' ? subject.file : subject.folder);
    let entry = this.#nodes.get(id);
    if (entry === undefined) {
      entry = { id, subject, lookups: 0 };
      this.#nodes.set(id, entry);
    }
    entry.lookups++;
    return entry;
  }

  forget(id: number, lookups: number): void {
    const entry = this.#nodes.get(id);
    if (entry === undefined || id === ROOT_NODE) return;
    entry.lookups -= lookups;
    if (entry.lookups <= 0) this.#nodes.delete(id);
  }
}
