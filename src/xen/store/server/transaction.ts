/** A transaction: the nodes that it has looked at and changed, over a tree that others change meanwhile. */
import type { Domain } from './domains.js';
import type { Generations } from './generations.js';
import { entrySize, type NewNode, type StoreNode } from './node.js';
import type { Quotas } from './quotas.js';
import { EAGAIN, ENOENT, ENOMEM, ENOSPC, Refusal } from './refusal.js';
import { ownerOf, type NodeView, type Tree } from './tree.js';

/** What {@link Touched.before} is for a node that was not there. */
const NOTHING = -1;

/** A node that the transaction has looked at: from then on it sees its own copy. */
interface Touched {
  /** Its generation in the tree at the first look. */
  readonly before: number;
  readonly first: StoreNode | undefined;
  now: StoreNode | undefined;
  modified: boolean;
  /** Whom to tell at the end: who watches it or a node above, who watches exactly it, nobody. */
  tell: 'all' | 'exact' | undefined;
}

/** A change that a finished transaction has made, for the watches. */
export interface Told {
  readonly name: string;
  readonly exact: boolean;
  /** As it was when the transaction first looked; undefined when it was not there. */
  readonly before: StoreNode | undefined;
}

/**
 * Begins in constant time and copies nothing: a node is held from the first look on, which its being immutable makes
 * free. Like xenstored's it is no snapshot of one moment. What was looked at must be unchanged at the end; what was not
 * cannot matter.
 */
export class Transaction implements NodeView {
  readonly #generations: Generations;
  readonly #tree: Tree;
  readonly #domain: Domain;
  readonly #quotas: Quotas;
  /** In the order of the first look, which is that of the events at the end. */
  readonly #touched = new Map<string, Touched>();
  /** Nodes more (or fewer) for each owner. */
  readonly #owned = new Map<number, number>();
  #memory = 0;
  #spoilt = false;
  #created = false;

  constructor(generations: Generations, tree: Tree, domain: Domain, quotas: Quotas) {
    this.#generations = generations;
    this.#tree = tree;
    this.#domain = domain;
    this.#quotas = quotas;
  }

  read(name: string): StoreNode | Refusal {
    const touched = this.#touch(name);
    if (touched instanceof Refusal) return touched;
    return touched.now === undefined ? ENOENT : this.#tree.adjusted(touched.now);
  }

  write(name: string, node: NewNode): StoreNode | Refusal {
    const touched = this.#touch(name);
    if (touched instanceof Refusal) return touched;
    const growth = entrySize(node) - (touched.now === undefined ? -name.length : entrySize(touched.now));
    if (!this.#domain.affords(growth, this.#quotas)) return ENOMEM;
    const { value, permissions, children } = node;
    const written = { value, permissions, children, generation: this.#generations.next() };
    this.#replace(name, touched, written);
    return written;
  }

  remove(name: string): Refusal | undefined {
    const touched = this.#touch(name);
    if (touched instanceof Refusal) return touched;
    this.#replace(name, touched, undefined);
    return undefined;
  }

  ownedBy(domain: Domain): number {
    return domain.nodes + (this.#owned.get(domain.id) ?? 0);
  }

  spoil(): void {
    this.#spoilt = true;
  }

  /** The node was changed: watches are told at the end. What is told to all stays so. */
  tell(name: string, exact: boolean): void {
    const touched = this.#touched.get(name);
    if (touched !== undefined && touched.tell !== 'all') touched.tell = exact ? 'exact' : 'all';
  }

  /**
   * Makes the changes to the tree, all or none.
   * @returns what watches are to be told, in order; EAGAIN when something that was looked at has changed.
   */
  commit(): readonly Told[] | Refusal {
    if (this.#spoilt) return ENOMEM;
    if (this.#created && !this.#domain.privileged && this.ownedBy(this.#domain) >= this.#quotas.nodes) {
      return ENOSPC;
    }
    for (const [name, { before }] of this.#touched) {
      if ((this.#tree.get(name)?.generation ?? NOTHING) !== before) return EAGAIN;
    }
    const told: Told[] = [];
    for (const [name, { first, now, modified, tell }] of this.#touched) {
      if (!modified) continue;
      if (now !== undefined) this.#tree.put(name, this.#tree.inherited(now));
      else if (first !== undefined) this.#tree.remove(name);
      if (tell !== undefined) told.push({ name, exact: tell === 'exact', before: first });
    }
    return told;
  }

  /** Gives back what its copies were charged for. Called once, however it ends. */
  close(): void {
    this.#domain.memory -= this.#memory;
    this.#memory = 0;
  }

  #touch(name: string): Touched | Refusal {
    const known = this.#touched.get(name);
    if (known !== undefined) return known;
    const node = this.#tree.get(name);
    const size = node === undefined ? 0 : entrySize(node) + name.length;
    const isFull = this.#touched.size >= this.#quotas.transactionNodes && !this.#domain.privileged;
    if (isFull || !this.#domain.affords(size, this.#quotas)) {
      this.#spoilt = true;
      return ENOSPC;
    }
    const before = node?.generation ?? NOTHING;
    const touched: Touched = { before, first: node, now: node, modified: false, tell: undefined };
    this.#touched.set(name, touched);
    this.#charge(name, node, 1);
    return touched;
  }

  #replace(name: string, touched: Touched, node: StoreNode | undefined): void {
    this.#count(touched.now, -1);
    this.#count(node, 1);
    this.#charge(name, touched.now, -1);
    this.#charge(name, node, 1);
    if (touched.now === undefined) this.#created = true;
    touched.now = node;
    touched.modified = true;
  }

  #count(node: StoreNode | undefined, sign: 1 | -1): void {
    if (node === undefined) return;
    const owner = ownerOf(node);
    this.#owned.set(owner, (this.#owned.get(owner) ?? 0) + sign);
  }

  #charge(name: string, node: StoreNode | undefined, sign: 1 | -1): void {
    if (node === undefined) return;
    const size = sign * (entrySize(node) + name.length);
    this.#memory += size;
    this.#domain.memory += size;
  }
}
