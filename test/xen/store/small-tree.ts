/** The tree of the test peer: nodes with generations, and copies of it that know what a transaction touched. */
import type { Permission } from '../../../src/xen/store/index.js';
import { isAtOrBelow, joinPath, leafName, parentPath } from '../../../src/xen/store/index.js';

/** A node; never changed, only replaced. */
export interface SmallNode {
  readonly value: string;
  readonly permissions: readonly Permission[];
  readonly children: readonly string[];
  readonly generation: number;
}

/** A change that watches are told of; `gone` are the nodes below a removed one. */
export interface Change {
  readonly path: string;
  readonly gone: readonly string[];
}

/** An errno that a request is answered with. */
export class Refusal extends Error {
  readonly errno: string;
  constructor(errno: string) {
    super(errno);
    this.errno = errno;
  }
}

/** A tree, or a transaction's copy of one. */
export class SmallTree {
  readonly #nodes: Map<string, SmallNode>;
  readonly #count: { generation: number };
  /** Generation of each node at its first touch, undefined for one that was missing. */
  readonly #touched = new Map<string, number | undefined>();
  readonly #written = new Set<string>();
  #changes: Change[] = [];

  constructor(root: SmallNode, from?: SmallTree) {
    this.#nodes = from === undefined ? new Map([['/', root]]) : new Map(from.#nodes);
    this.#count = from === undefined ? { generation: 1 } : from.#count;
  }

  /** A copy to work on apart; {@link commit} brings it back. */
  snapshot(): SmallTree {
    return new SmallTree(this.node('/'), this);
  }

  /** Takes the copy's changes over. @throws {Refusal} EAGAIN when a node that it touched is another one by now. */
  commit(copy: SmallTree): void {
    for (const [path, generation] of copy.#touched) {
      if (this.#nodes.get(path)?.generation !== generation) throw new Refusal('EAGAIN');
    }
    for (const path of copy.#written) {
      const node = copy.#nodes.get(path);
      if (node === undefined) this.#nodes.delete(path);
      else this.#put(path, node);
    }
    this.#changes.push(...copy.#changes);
  }

  /** What has changed since the last call. */
  takeChanges(): readonly Change[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  has(path: string): boolean {
    return this.#look(path) !== undefined;
  }

  /** @throws {Refusal} ENOENT */
  node(path: string): SmallNode {
    const node = this.#look(path);
    if (node === undefined) throw new Refusal('ENOENT');
    return node;
  }

  write(path: string, value: string, creator: number): void {
    this.#create(path, creator);
    this.#put(path, { ...this.node(path), value });
    this.#changes.push({ path, gone: [] });
  }

  mkdir(path: string, creator: number): void {
    if (this.has(path)) return;
    this.#create(path, creator);
    this.#changes.push({ path, gone: [] });
  }

  setPermissions(path: string, permissions: readonly Permission[]): void {
    this.#put(path, { ...this.node(path), permissions });
    this.#changes.push({ path, gone: [] });
  }

  remove(path: string): void {
    const parent = parentPath(path);
    if (parent === undefined) throw new Refusal('EINVAL');
    if (!this.has(path)) {
      this.node(parent);
      return;
    }
    const gone = [...this.#nodes.keys()].filter((other) => other !== path && isAtOrBelow(other, path));
    for (const other of [path, ...gone]) {
      this.#look(other);
      this.#nodes.delete(other);
      this.#written.add(other);
    }
    const above = this.node(parent);
    this.#put(parent, { ...above, children: above.children.filter((name) => name !== leafName(path)) });
    this.#changes.push({ path, gone });
  }

  /** Every node but the root with its path, parents first, in the order of the children. */
  *walk(path = '/'): Generator<readonly [string, SmallNode]> {
    for (const name of this.node(path).children) {
      const child = joinPath(path, name);
      yield [child, this.node(child)];
      yield* this.walk(child);
    }
  }

  // Missing parents first; a new node has its parent's permissions, and its creator as owner unless that is dom0.
  #create(path: string, creator: number): void {
    if (this.has(path)) return;
    const parent = parentPath(path) ?? '/';
    this.#create(parent, creator);
    const above = this.node(parent);
    this.#put(parent, { ...above, children: [...above.children, leafName(path)] });
    const [owner, ...others] = above.permissions;
    const permissions =
      owner === undefined || creator === 0
        ? above.permissions
        : [{ ...owner, domain: creator as Permission['domain'] }, ...others];
    this.#put(path, { value: '', permissions, children: [], generation: 0 });
  }

  #look(path: string): SmallNode | undefined {
    const node = this.#nodes.get(path);
    if (!this.#touched.has(path)) this.#touched.set(path, node?.generation);
    return node;
  }

  #put(path: string, node: SmallNode): void {
    this.#look(path);
    this.#count.generation += 1;
    this.#nodes.set(path, { ...node, generation: this.#count.generation });
    this.#written.add(path);
  }
}
