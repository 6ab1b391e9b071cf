/** A small XenStore server for tests: the wire protocol over a UNIX socket or in memory; permissions kept, not enforced. */
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { domainId } from '../../../src/xen/domain.js';
import type { DomainId } from '../../../src/xen/domain.js';
import {
  formatPermissions,
  INTRODUCE_DOMAIN,
  parsePermissions,
  RELEASE_DOMAIN,
  SocketTransport,
} from '../../../src/xen/store/index.js';
import type { Message, Permission, StoreTransport } from '../../../src/xen/store/index.js';
import { memoryPair } from './memory-transport.js';
import type { MemoryPairOptions } from './memory-transport.js';
import { SmallConnection } from './small-connection.js';
import { SmallTree } from './small-tree.js';
import type { Change } from './small-tree.js';

export interface SmallStoreOptions {
  /** Sees every request before it is handled. */
  readonly onRequest?: (message: Message) => void;
}

/** `const store = new SmallStore(); new XenStoreClient(store.connect())`, or `await store.listen(path)`. */
export class SmallStore {
  /** For the connections of this server; tests use the methods below. */
  readonly tree: SmallTree;
  readonly introduced = new Set<number>([0]);
  readonly onRequest: (message: Message) => void;
  readonly #connections = new Set<SmallConnection>();
  #server: Server | undefined;

  constructor(options: SmallStoreOptions = {}) {
    this.onRequest = options.onRequest ?? (() => undefined);
    const permissions: readonly Permission[] = [{ access: 'none', domain: domainId(0) }];
    this.tree = new SmallTree({ value: '', permissions, children: [], generation: 1 });
  }

  /** Serves dom0 on a UNIX socket. */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        this.#serve(new SocketTransport(path, socket), domainId(0));
      });
      this.#server = server;
      server.once('error', reject);
      server.listen(path, resolve);
    });
  }

  /** A client's end of a new connection in memory; of dom0, or of a guest with its own home and new nodes its own. */
  connect(options: MemoryPairOptions & { readonly domain?: DomainId } = {}): StoreTransport {
    const [near, far] = memoryPair(options);
    this.#serve(far, options.domain ?? domainId(0));
    return near;
  }

  /** Cuts every connection and stops listening. */
  async close(): Promise<void> {
    this.cut();
    const server = this.#server;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  /** Cuts every connection. */
  cut(): void {
    for (const connection of this.#connections) connection.close();
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Undefined when there is no such node. */
  read(path: string): string | undefined {
    return this.tree.has(path) ? this.tree.node(path).value : undefined;
  }

  /** As dom0 would; watches fire. */
  write(path: string, value: string): void {
    this.tree.write(path, value, 0);
    this.fireChanges();
  }

  remove(path: string): void {
    this.tree.remove(path);
    this.fireChanges();
  }

  /** As the tools take them: `setPermissions('/a', 'n0', 'r1')`. */
  setPermissions(path: string, ...texts: readonly string[]): void {
    const permissions = parsePermissions(texts);
    if (permissions === undefined) throw new TypeError(`no permissions: ${texts.join(' ')}`);
    this.tree.setPermissions(path, permissions);
    this.fireChanges();
  }

  introduce(domain: DomainId): void {
    this.introduced.add(domain);
    this.fire({ path: INTRODUCE_DOMAIN, gone: [] });
  }

  release(domain: DomainId): void {
    this.introduced.delete(domain);
    this.fire({ path: RELEASE_DOMAIN, gone: [] });
  }

  /** Forgets every open transaction, as a server does that was started anew below a living connection. */
  forgetTransactions(): void {
    for (const connection of this.#connections) connection.forgetTransactions();
  }

  /** Sorted lines `path = "value" (n0,r1)`; the root has none. Values are escaped as xenstore-ls does. */
  dump(path = '/'): string {
    return [...this.tree.walk(path)]
      .map(([at, node]) => `${at} = "${escapeValue(node.value)}" (${formatPermissions(node.permissions)})`)
      .sort()
      .join('\n');
  }

  /** Tells all watches what the tree has seen since the last time. */
  fireChanges(): void {
    for (const change of this.tree.takeChanges()) this.fire(change);
  }

  fire(change: Change): void {
    for (const connection of this.#connections) connection.fire(change);
  }

  #serve(transport: StoreTransport, domain: DomainId): void {
    const connection: SmallConnection = new SmallConnection(this, transport, domain, () =>
      this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    connection.start();
  }
}

/** Printable ASCII as it is, all else as xenstore-ls prints it. */
export function escapeValue(value: string): string {
  return value.replace(/[^\x20-\x5b\x5d-\x7e]/g, (character) => {
    const short = { '\t': 't', '\n': 'n', '\r': 'r', '\\': '\\' }[character];
    if (short !== undefined) return `\\${short}`;
    const code = character.charCodeAt(0);
    return code < 8 ? `\\${code.toString(8).padStart(3, '0')}` : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}
