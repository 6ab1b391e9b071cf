/** Trees of files made for tests: a host's /proc, /sys, /etc and /dev in a folder that goes away afterwards. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Text or bytes; a link by where it leads to; a file with permissions; undefined: not there. */
export type Entry =
  | string
  | Uint8Array
  | { readonly link: string }
  | { readonly mode: number; readonly text?: string }
  | undefined;

/** By absolute path on the made host. A folder is there as long as something is in it. */
export type Tree = Readonly<Record<string, Entry>>;

export class MadeTree implements Disposable {
  readonly root: string;
  readonly #tree: Tree;

  constructor(tree: Tree) {
    this.root = mkdtempSync(join(tmpdir(), 'openslot-host-'));
    this.#tree = tree;
    this.#put(tree);
  }

  /** Other entries, or none, until it is disposed: a tree is made once, since a disk may be slow. */
  change(changes: Tree): Disposable {
    const paths = Object.keys(changes);
    const former = Object.fromEntries(paths.map((path) => [path, this.#tree[path]]));
    this.#put(changes);
    return { [Symbol.dispose]: () => this.#put(former) };
  }

  /** What goes, goes first: a folder may come in the place of a file. */
  #put(tree: Tree): void {
    for (const path of Object.keys(tree)) this.#remove(path);
    for (const [path, entry] of Object.entries(tree)) if (entry !== undefined) this.#make(path, entry);
  }

  #remove(path: string): void {
    const real = join(this.root, path);
    if (lstatSync(real, { throwIfNoEntry: false })?.isDirectory() !== false) return;
    rmSync(real);
    for (let folder = dirname(real); readdirSync(folder).length === 0; folder = dirname(folder))
      rmdirSync(folder);
  }

  #make(path: string, entry: Exclude<Entry, undefined>): void {
    const real = join(this.root, path);
    mkdirSync(dirname(real), { recursive: true });
    if (typeof entry === 'string' || entry instanceof Uint8Array) writeFileSync(real, entry);
    else if ('link' in entry) symlinkSync(entry.link, real);
    else {
      writeFileSync(real, entry.text ?? '');
      chmodSync(real, entry.mode);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}
