/** What all connections of a server share: the tree, the domains, the watches; and who is told of a change. */
import { INTRODUCE_DOMAIN, joinPath, RELEASE_DOMAIN } from '../paths.js';
import type { ServedTransport } from '../transport.js';
import type { Message } from '../wire.js';
import { Connection } from './connection.js';
import { Domains, type Domain } from './domains.js';
import { Generations } from './generations.js';
import { childNames, READ, type StoreNode } from './node.js';
import { parentName } from './node-name.js';
import { removeSubtree } from './removal.js';
import { EINVAL, Refusal } from './refusal.js';
import type { Quotas } from './quotas.js';
import { rightsOf } from './rights.js';
import { ownerOf, Tree } from './tree.js';
import { WatchIndex } from './watches.js';

/** What the server asks of whoever runs the domains. */
export interface StoreHypervisor {
  /** Whether there is a domain of that id. */
  exists(domain: number): boolean;
  /**
   * The far end of a guest's ring, as INTRODUCE names it; undefined when it cannot be had. Called again when a domain is
   * introduced again: the ring of before is closed then.
   */
  connect?(domain: number, frame: number, port: number): ServedTransport | undefined;
}

export interface StoreOptions {
  readonly quotas: Quotas;
  readonly hypervisor?: StoreHypervisor | undefined;
  /** Sees every request before it is handled. */
  readonly onRequest?: ((message: Message, domain: number) => void) | undefined;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export class Store {
  /** CONTROL may change them. */
  readonly quotas: Mutable<Quotas>;
  readonly hypervisor: StoreHypervisor | undefined;
  readonly onRequest: StoreOptions['onRequest'];
  readonly generations = new Generations();
  readonly domains: Domains;
  readonly tree: Tree;
  readonly watches = new WatchIndex<Connection>();
  /** Permissions of the special names; like any node's. */
  readonly special: Map<string, StoreNode['permissions']>;
  readonly connections = new Set<Connection>();
  /** Connections that have something to be sent. */
  readonly waiting = new Set<Connection>();

  constructor({ quotas, hypervisor, onRequest }: StoreOptions) {
    this.quotas = { ...quotas };
    this.hypervisor = hypervisor;
    this.onRequest = onRequest;
    this.domains = new Domains(
      this.generations,
      hypervisor === undefined ? undefined : (id) => hypervisor.exists(id),
    );
    this.tree = new Tree(this.generations, this.domains, this.quotas);
    this.special = new Map(
      [INTRODUCE_DOMAIN, RELEASE_DOMAIN].map((name) => [name, [{ rights: 0, domain: 0, void: false }]]),
    );
  }

  /** Sends what is waiting for anybody. Called at the end of each turn, so that a turn's messages go out together. */
  flush(): void {
    if (this.waiting.size === 0) return;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const connection of waiting) connection.flush();
  }

  /**
   * Tells the watches of a node and of those above it, or of the node alone. Who may read neither the node, before the
   * change or after it, nor its parent is not told.
   * @param before as it was, where that is known to be another.
   */
  fire(name: string, exact: boolean, node: StoreNode | undefined, before?: StoreNode): void {
    const watches = exact ? this.watches.at(name) : this.watches.above(name);
    for (const watch of watches) {
      if (this.#mayKnow(watch.owner.domain, name, node, before)) watch.owner.event(watch, name);
    }
  }

  fireSpecial(name: string): void {
    const permissions = this.special.get(name);
    if (permissions === undefined) return;
    for (const watch of this.watches.at(name)) {
      if ((rightsOf(watch.owner.domain, permissions) & READ) !== 0) watch.owner.event(watch, name);
    }
  }

  introduce(domain: Domain): void {
    domain.shutDown = false;
    if (domain.introduced) return;
    domain.introduced = true;
    this.fireSpecial(INTRODUCE_DOMAIN);
  }

  /** INTRODUCE: the hypervisor gives the guest's ring. A domain that is introduced already gets the new one instead. */
  connectGuest(id: number, frame: number, port: number): Refusal | undefined {
    const transport = this.hypervisor?.connect?.(id, frame, port);
    if (transport === undefined) return EINVAL;
    const domain = this.domains.hearOf(id);
    for (const connection of this.connections) if (connection.domain === domain) connection.close();
    this.serve(transport, domain);
    this.introduce(domain);
    return undefined;
  }

  serve(transport: ServedTransport, domain: Domain): void {
    const connection: Connection = new Connection(this, transport, domain, () => {
      this.connections.delete(connection);
      this.waiting.delete(connection);
    });
    this.connections.add(connection);
    connection.start();
  }

  /** Ends its connections, removes its nodes with everything below them, and fires when it had been introduced. */
  release(domain: Domain): void {
    for (const connection of this.connections) if (connection.domain === domain) connection.close();
    if (domain.nodes > 0) this.#removeOwned('/', domain);
    for (const other of this.connections) {
      if (other.domain.target === domain) other.domain.target = undefined;
    }
    for (const [name, permissions] of this.special) {
      const [owner, ...others] = permissions;
      const left = others.filter((one) => one.domain !== domain.id);
      this.special.set(name, [owner.domain === domain.id ? { ...owner, domain: 0 } : owner, ...left]);
    }
    this.domains.forget(domain);
    if (!domain.introduced) return;
    domain.introduced = false;
    this.fireSpecial(RELEASE_DOMAIN);
  }

  shutDown(domain: Domain): void {
    if (domain.shutDown) return;
    domain.shutDown = true;
    this.fireSpecial(RELEASE_DOMAIN);
  }

  #removeOwned(name: string, domain: Domain): void {
    const node = this.tree.get(name);
    if (node === undefined || domain.nodes === 0) return;
    if (ownerOf(node) === domain.id) {
      if (name !== '/') {
        removeSubtree(this.tree, name, (gone, exact, before) => {
          this.fire(gone, exact, before);
        });
        return;
      }
      // It cannot go, and must not be the next one's of that id.
      const [owner, ...others] = node.permissions;
      this.tree.put(name, { ...node, permissions: [{ ...owner, domain: 0 }, ...others] });
    }
    for (const child of childNames(node.children)) {
      this.#removeOwned(joinPath(name, child), domain);
    }
  }

  #mayKnow(
    domain: Domain,
    name: string,
    node: StoreNode | undefined,
    before: StoreNode | undefined,
  ): boolean {
    if (domain.privileged) return true;
    if (before !== undefined && (rightsOf(domain, before.permissions) & READ) !== 0) return true;
    if (node === undefined) return false;
    if ((rightsOf(domain, node.permissions) & READ) !== 0) return true;
    const parent = this.tree.read(parentName(name));
    return !(parent instanceof Refusal) && (rightsOf(domain, parent.permissions) & READ) !== 0;
  }
}
