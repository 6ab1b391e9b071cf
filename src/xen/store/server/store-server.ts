/** The XenStore server: what Xen's xenstored does, in this process, for clients in it, on a socket and on guests' rings. */
import { DOM0, type DomainId } from '../../domain.js';
import { XenStoreRefusedError } from '../errors.js';
import { memoryPair, type MemoryPairOptions } from '../memory-transport.js';
import { joinPath } from '../paths.js';
import { formatPermission, type Permission } from '../permissions.js';
import type { ServedTransport, StoreTransport } from '../transport.js';
import { decodeText, encodeText, MessageType, type Message, type MessageName } from '../wire.js';
import { Connection } from './connection.js';
import { Listener } from './listener.js';
import { childNames } from './node.js';
import { DEFAULT_QUOTAS, type Quotas } from './quotas.js';
import { Refusal } from './refusal.js';
import { answer } from './requests.js';
import { toPermissions } from './rights.js';
import { Store, type StoreHypervisor } from './store.js';

/** All optional: a server for the clients of one process needs none. */
export interface StoreServerOptions {
  /** Each one that is absent is xenstored's. */
  readonly quotas?: Partial<Quotas>;
  /** Without one every domain id is taken for that of a domain, and INTRODUCE is refused. */
  readonly hypervisor?: StoreHypervisor;
  /** Sees every request before it is handled: a trace. */
  readonly onRequest?: (message: Message, domain: number) => void;
}

/** Of a client in this process. */
export interface StoreConnectOptions extends MemoryPairOptions {
  /** Whose client it is; dom0's when absent. */
  readonly domain?: DomainId;
}

/** A node as {@link StoreServer.nodes} shows it. */
export interface ListedNode {
  readonly path: string;
  readonly value: string;
  readonly permissions: readonly Permission[];
}

/**
 * `const server = new StoreServer(); new XenStoreClient(server.connect({ domain }))`, or `await server.listen(path)` for
 * Xen's own tools. Everything happens on this thread, and none of it waits.
 */
export class StoreServer implements AsyncDisposable {
  readonly #store: Store;
  /** For what the embedder does itself, as dom0. */
  readonly #own: Connection;
  readonly #listeners: Listener[] = [];

  constructor(options: StoreServerOptions = {}) {
    this.#store = new Store({
      quotas: { ...DEFAULT_QUOTAS, ...options.quotas },
      hypervisor: options.hypervisor,
      onRequest: options.onRequest,
    });
    const [, nowhere] = memoryPair({ name: 'the server itself' });
    this.#own = new Connection(this.#store, nowhere, this.#store.domains.dom0, () => undefined);
  }

  /** A client's end of a new connection in this process. */
  connect(options: StoreConnectOptions = {}): StoreTransport {
    const [near, far] = memoryPair(options);
    this.serve(far, options.domain ?? DOM0);
    return near;
  }

  /** Serves a client of that domain; the transport is the server's from now on. */
  serve(transport: ServedTransport, domain: DomainId): void {
    this.#store.serve(transport, this.#store.domains.hearOf(domain));
  }

  /** Serves dom0 on a UNIX socket that only this user can reach (mode 0600). @throws {XenStoreListenError} */
  async listen(path: string): Promise<void> {
    const listener = await Listener.bind(path, (transport) => {
      this.serve(transport, DOM0);
    });
    this.#listeners.push(listener);
  }

  /** The domain is there: @introduceDomain fires, once. */
  introduce(domain: DomainId): void {
    this.#store.introduce(this.#store.domains.hearOf(domain));
    this.#store.flush();
  }

  /** The domain has shut down, or crashed: @releaseDomain fires; it keeps what it has. */
  shutDown(domain: DomainId): void {
    this.#store.shutDown(this.#store.domains.hearOf(domain));
    this.#store.flush();
  }

  /** The domain is gone: its connections end, its nodes go with everything below them, and @releaseDomain fires. */
  release(domain: DomainId): void {
    const known = this.#store.domains.get(domain);
    if (known === undefined || known.privileged) return;
    this.#store.release(known);
    this.#store.flush();
  }

  /** Undefined when there is no such node. */
  read(path: string): string | undefined {
    return this.#store.tree.get(path)?.value;
  }

  /** As dom0 would, at once. @throws {XenStoreRefusedError} */
  write(path: string, value: string): void {
    this.#ask('WRITE', path, value);
  }

  /** @throws {XenStoreRefusedError} neither the node nor its parent is there. */
  remove(path: string): void {
    this.#ask('RM', path, '');
  }

  /** @throws {XenStoreRefusedError} */
  setPermissions(path: string, permissions: readonly Permission[]): void {
    this.#ask('SET_PERMS', path, permissions.map((one) => `${formatPermission(one)}\0`).join(''));
  }

  /** The node and all below it, each before its children, those in the store's order. */
  *nodes(path = '/'): Generator<ListedNode> {
    const node = this.#store.tree.get(path);
    if (node === undefined) return;
    yield { path, value: node.value, permissions: toPermissions(node.permissions) };
    for (const child of childNames(node.children)) yield* this.nodes(joinPath(path, child));
  }

  /** Clients that are connected. */
  get connections(): number {
    return this.#store.connections.size;
  }

  /** Watches of all clients. */
  get watches(): number {
    let watches = 0;
    for (const connection of this.#store.connections) watches += connection.watches.size;
    return watches;
  }

  /** Ends every connection. */
  cut(): void {
    for (const connection of [...this.#store.connections]) connection.close();
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    this.cut();
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #ask(name: MessageName, path: string, rest: string): void {
    const text = `${path}\0${rest}`;
    const payload = encodeText(text);
    const message = {
      type: MessageType[name],
      requestId: 0,
      transactionId: 0,
      payload: payload ?? new Uint8Array(0),
    };
    const reply =
      payload === undefined ? undefined : answer(this.#store, this.#own, message, decodeText(payload));
    this.#store.flush();
    if (typeof reply === 'string') return;
    const errno = reply instanceof Refusal ? reply.errno : 'EINVAL';
    throw new XenStoreRefusedError({ name, path }, errno, { by: 'server' });
  }
}
