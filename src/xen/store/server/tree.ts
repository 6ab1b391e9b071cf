/** The tree that everybody sees: nodes by name, the generation of the last change, and each owner's account. */
import type { Domain, Domains } from './domains.js';
import type { Generations } from './generations.js';
import { entrySize, type NewNode, type StoredPermission, type StoreNode } from './node.js';
import type { Quotas } from './quotas.js';
import { ENOENT, ENOMEM, type Refusal } from './refusal.js';

/** Nodes as a request meets them: those of the tree, or of a transaction over it. */
export interface NodeView {
  /** ENOENT when there is none; ENOSPC when a transaction may look at no more of them. */
  read(name: string): StoreNode | Refusal;
  /** The node as it is from now on. */
  write(name: string, node: NewNode): StoreNode | Refusal;
  /** A refusal when it could not be done. The children are the caller's business. */
  remove(name: string): Refusal | undefined;
  /** Nodes that a domain owns, as far as this view shows. */
  ownedBy(domain: Domain): number;
  /** Called when a change could be made in part only: nothing good can come of a transaction then. */
  spoil(): void;
}

/** The owner of a node. */
export function ownerOf(node: NewNode): number {
  return node.permissions[0].domain;
}

export class Tree implements NodeView {
  readonly #nodes = new Map<string, StoreNode>();
  readonly #domains: Domains;
  readonly #quotas: Quotas;
  readonly #generations: Generations;

  constructor(generations: Generations, domains: Domains, quotas: Quotas) {
    this.#generations = generations;
    this.#domains = domains;
    this.#quotas = quotas;
    const permissions: [StoredPermission] = [{ rights: 0, domain: 0, void: false }];
    // What xenstored begins with.
    this.put('/', { value: '', permissions, children: 'tool\0' });
    this.put('/tool', { value: '', permissions, children: 'xenstored\0' });
    this.put('/tool/xenstored', { value: '', permissions, children: '' });
  }

  get(name: string): StoreNode | undefined {
    return this.#nodes.get(name);
  }

  read(name: string): StoreNode | Refusal {
    const node = this.#nodes.get(name);
    return node === undefined ? ENOENT : this.adjusted(node);
  }

  write(name: string, node: NewNode): StoreNode | Refusal {
    const owner = this.#domains.get(ownerOf(node));
    const before = this.#nodes.get(name);
    if (owner?.privileged === false) {
      const credit =
        before !== undefined && ownerOf(before) === owner.id ? entrySize(before) + name.length : 0;
      if (!owner.affords(entrySize(node) + name.length - credit, this.#quotas)) return ENOMEM;
    }
    return this.put(name, node);
  }

  /** Writes whatever the account says. */
  put(name: string, { value, permissions, children }: NewNode): StoreNode {
    const written = { value, permissions, children, generation: this.#generations.next() };
    const before = this.#nodes.get(name);
    this.#charge(name, before, -1);
    this.#charge(name, written, 1);
    // A name that was cut out of a request keeps all of that in memory.
    this.#nodes.set(before === undefined ? copied(name) : name, written);
    return written;
  }

  remove(name: string): undefined {
    this.#charge(name, this.#nodes.get(name), -1);
    this.#nodes.delete(name);
  }

  ownedBy(domain: Domain): number {
    return domain.nodes;
  }

  spoil(): void {
    // Who changes the tree itself has put it right again.
  }

  /** The node with those permissions void whose domain is gone, or is another by now. */
  adjusted(node: StoreNode): StoreNode {
    const { permissions, generation } = node;
    if (permissions.length === 1) return node;
    const stale = (one: StoredPermission): boolean =>
      !one.void && !this.#domains.isOlder(one.domain, generation);
    const [owner, ...others] = permissions;
    if (!others.some(stale)) return node;
    return {
      ...node,
      permissions: [owner, ...others.map((one) => (stale(one) ? { ...one, void: true } : one))],
    };
  }

  /** The same for a node that comes out of a transaction: what a domain owned that is gone is dom0's. */
  inherited(node: StoreNode): StoreNode {
    const adjusted = this.adjusted(node);
    const [owner, ...others] = adjusted.permissions;
    if (this.#domains.isOlder(owner.domain, node.generation)) return adjusted;
    return { ...adjusted, permissions: [{ ...owner, domain: 0 }, ...others] };
  }

  #charge(name: string, node: StoreNode | undefined, sign: 1 | -1): void {
    if (node === undefined) return;
    const owner = this.#domains.get(ownerOf(node));
    if (owner === undefined) return;
    owner.nodes += sign;
    owner.memory += sign * (entrySize(node) + name.length);
  }
}

function copied(name: string): string {
  return Buffer.from(name, 'latin1').toString('latin1');
}
