/** The XenStore client over any transport. */
import type { DomainId } from '../domain.js';
import { StoreConnection } from './connection.js';
import { XenStoreClosedError, XenStoreProtocolError, XenStoreRefusedError } from './errors.js';
import type { XenStoreError } from './errors.js';
import { pathFault } from './paths.js';
import type { Permission } from './permissions.js';
import type { Discarded, StoreView, Watch, WatchListener, XenStore } from './store.js';
import { runTransaction } from './transaction.js';
import type { TransactionOptions } from './transaction.js';
import type { StoreTransport } from './transport.js';
import { ConnectionView } from './view.js';
import { WatchTable } from './watches.js';
import type { EventQueue } from './watches.js';
import { decodeStrings, encodeStrings } from './wire.js';
import type { MessageName } from './wire.js';

/** All optional; the defaults suit a domain with xenstored's usual quotas. */
export interface XenStoreClientOptions {
  /** Requests under way at once; more wait. Default 16, below the quota of an unprivileged domain (20). */
  readonly maxInFlight?: number;
  /** Attempts at a transaction before {@link XenStoreContendedError}. Default 40, about a second. */
  readonly maxAttempts?: number;
  /** Told what a watch's listener threw, and for which event; a warning of the process when absent. */
  readonly onError?: (error: unknown, path: string) => void;
  /** Waits between attempts at a transaction; a timer when absent. */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** See {@link XenStore}. Owns its transport: closing the client closes it. */
export class XenStoreClient implements XenStore {
  readonly closed: Promise<XenStoreError | undefined>;
  readonly #connection: StoreConnection;
  readonly #view: ConnectionView;
  readonly #watches: WatchTable;
  readonly #transactions: TransactionOptions;

  constructor(transport: StoreTransport, options: XenStoreClientOptions = {}) {
    const watches = new WatchTable(options.onError ?? warn);
    this.#watches = watches;
    this.#connection = new StoreConnection(transport, {
      ...(options.maxInFlight === undefined ? {} : { maxInFlight: options.maxInFlight }),
      onEvent: (path, token) => {
        watches.deliver(path, token);
      },
    });
    this.#view = new ConnectionView(this.#connection, 0);
    this.#transactions = { maxAttempts: options.maxAttempts ?? 40, pause: options.pause ?? sleep };
    this.closed = this.#connection.closed;
  }

  read(path: string): Promise<string | undefined> {
    return this.#view.read(path);
  }

  list(path: string): Promise<readonly string[] | undefined> {
    return this.#view.list(path);
  }

  write(path: string, value: string): Promise<void> {
    return this.#view.write(path, value);
  }

  mkdir(path: string): Promise<void> {
    return this.#view.mkdir(path);
  }

  remove(path: string): Promise<boolean> {
    return this.#view.remove(path);
  }

  permissions(path: string): Promise<readonly Permission[] | undefined> {
    return this.#view.permissions(path);
  }

  setPermissions(path: string, permissions: readonly Permission[]): Promise<void> {
    return this.#view.setPermissions(path, permissions);
  }

  transaction<T>(body: (tx: StoreView) => Promise<T | Discarded<T>>): Promise<T> {
    return runTransaction(this.#connection, body, this.#transactions);
  }

  async watch(path: string, onEvent: WatchListener): Promise<Watch> {
    const fault = pathFault(path, { special: true });
    if (fault !== undefined) {
      const reason = `no path: ${fault}`;
      throw new XenStoreRefusedError({ name: 'WATCH', path }, 'EINVAL', { by: 'client', reason });
    }
    // Known before the store is asked: its first event may come before its answer.
    const queue = this.#watches.add(path, onEvent);
    try {
      await this.#ask('WATCH', path, queue.token);
    } catch (error) {
      this.#watches.remove(queue);
      throw error;
    }
    queue.open();
    return this.#handle(queue);
  }

  async domainPath(domain: DomainId): Promise<string> {
    const [path, ...rest] = decodeStrings(await this.#ask('GET_DOMAIN_PATH', String(domain))) ?? [];
    if (path === undefined || rest.length > 0) {
      throw this.#connection.fail(new XenStoreProtocolError('a domain path that is no path', { domain }));
    }
    return path;
  }

  async isIntroduced(domain: DomainId): Promise<boolean> {
    const [answer] = decodeStrings(await this.#ask('IS_DOMAIN_INTRODUCED', String(domain))) ?? [];
    if (answer !== 'T' && answer !== 'F') {
      throw this.#connection.fail(new XenStoreProtocolError('an answer that is not T or F', { domain }));
    }
    return answer === 'T';
  }

  async close(): Promise<void> {
    this.#watches.removeAll();
    await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #handle(queue: EventQueue): Watch {
    let ended: Promise<void> | undefined;
    const unwatch = (): Promise<void> => (ended ??= this.#unwatch(queue));
    return { path: queue.path, unwatch, [Symbol.asyncDispose]: unwatch };
  }

  async #unwatch(queue: EventQueue): Promise<void> {
    this.#watches.remove(queue);
    try {
      await this.#ask('UNWATCH', queue.path, queue.token);
    } catch (error) {
      // The store forgets a connection's watches with the connection.
      if (!(error instanceof XenStoreClosedError)) throw error;
    }
  }

  // Watches and domains are no part of a transaction. The first argument is what texts speak of.
  async #ask(type: MessageName, subject: string, ...rest: readonly string[]): Promise<Uint8Array> {
    const payload = encodeStrings(subject, ...rest) ?? new Uint8Array(0);
    return await this.#connection.request({ type, path: subject, transactionId: 0, payload });
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function warn(error: unknown, path: string): void {
  process.emitWarning(`a XenStore listener failed on ${path}: ${String(error)}`, 'XenStoreListenerWarning');
}
