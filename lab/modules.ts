/** Kernel modules of the tree: which ones a module needs, in the order in which they must be inserted. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LabFailure } from './failure.js';
import type { LabRoot } from './root.js';

/** Module names treat `-` and `_` alike. */
function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_');
}

export class ModuleTree {
  readonly #root: LabRoot;
  readonly #folder: string;
  readonly #needs = new Map<string, readonly string[]>();
  readonly #paths = new Map<string, string>();
  readonly #builtin: ReadonlySet<string>;

  constructor(root: LabRoot) {
    this.#root = root;
    this.#folder = root.path(`usr/lib/modules/${root.kernelRelease}`);
    for (const line of this.#lines('modules.dep')) {
      const [path = '', needs = ''] = line.split(':');
      this.#paths.set(moduleName(path), path);
      this.#needs.set(path, needs.split(' ').filter(Boolean));
    }
    this.#builtin = new Set(this.#lines('modules.builtin').map(moduleName));
  }

  /** Paths of the modules and of all that they need, in order of insertion; what is built in is left out. */
  inOrder(names: readonly string[]): string[] {
    const order = new Set<string>();
    for (const name of names.map(moduleName)) {
      if (this.#builtin.has(name)) continue;
      const path = this.#paths.get(name);
      if (path === undefined) throw new LabFailure(`The lab's kernel has no module ${name}.`);
      // modules.dep lists a module's needs with the innermost last.
      for (const need of [...(this.#needs.get(path) ?? [])].reverse()) order.add(need);
      order.add(path);
    }
    return [...order];
  }

  /** A module as insmod takes it. @returns its plain file name and its bytes. */
  async read(path: string): Promise<{ name: string; bytes: Buffer }> {
    const bytes = readFileSync(join(this.#folder, path));
    const name = basename(path).replace(/\.(xz|zst)$/, '');
    if (path.endsWith('.xz')) return { name, bytes: await this.#root.filter('usr/bin/xz', ['-dc'], bytes) };
    if (path.endsWith('.zst'))
      return { name, bytes: await this.#root.filter('usr/bin/zstd', ['-dc'], bytes) };
    return { name, bytes };
  }

  #lines(file: string): string[] {
    return readFileSync(join(this.#folder, file), 'utf8').split('\n').filter(Boolean);
  }
}
