/** The store as the rest of openslot sees it: values in a tree, permissions, transactions and watches. */
import type { DomainId } from '../domain.js';
import type { XenStoreError } from './errors.js';
import type { Permission } from './permissions.js';

/**
 * The tree, outside a transaction or inside one. Every method throws {@link XenStoreRefusedError} when the store says
 * no, and {@link XenStoreClosedError} when the connection has ended. A path without leading `/` begins from the
 * caller's own `/local/domain/<id>`.
 *
 * Values are bytes on the wire and strings here, one character U+0000 to U+00FF for each byte (latin1), so that none is
 * lost; decode them further where a value is known to be UTF-8.
 */
export interface StoreView {
  /** Undefined when the node does not exist. */
  read(path: string): Promise<string | undefined>;
  /** Names of the children in the store's order, of any number; undefined when the node does not exist. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** Creates the node and its missing parents where needed. */
  write(path: string, value: string): Promise<void>;
  /** Creates the node, with an empty value, and its missing parents; an existing node stays as it is. */
  mkdir(path: string): Promise<void>;
  /** Removes the node and everything below it; false when it was not there. */
  remove(path: string): Promise<boolean>;
  /** Owner and default first; undefined when the node does not exist. */
  permissions(path: string): Promise<readonly Permission[] | undefined>;
  /** Replaces the list, which must name an owner. @throws {XenStoreRefusedError} ENOENT when the node does not exist. */
  setPermissions(path: string, permissions: readonly Permission[]): Promise<void>;
}

/** A registered watch; disposing of it is {@link unwatch}. */
export interface Watch extends AsyncDisposable {
  readonly path: string;
  /** After the call no further event is delivered; settles when the store has forgotten the watch. May be repeated. */
  unwatch(): Promise<void>;
}

/** What is told of a watch. While a returned promise is pending, the next event of the same watch waits. */
export type WatchListener = (path: string) => void | Promise<void>;

/** A body's result with the order to throw its changes away; made by {@link discard}. */
export class Discarded<T> {
  readonly value: T;
  constructor(value: T) {
    this.value = value;
  }
}

/** Returned from the body of a transaction: ends it without any change and gives `value` to the caller. */
export function discard<T>(value: T): Discarded<T> {
  return new Discarded(value);
}

/** A connection to a store. Paths are absolute, or begin at the directory of the connection's own domain. */
export interface XenStore extends StoreView, AsyncDisposable {
  /**
   * Runs `body` on a snapshot and makes its changes visible all at once. When another writer was in the way, the body
   * runs again on a new snapshot: it must have no effect but through `tx`, which is of no use after it. A body that
   * throws, or returns {@link discard}, changes nothing.
   * @throws {XenStoreContendedError} in conflict at every attempt.
   */
  transaction<T>(body: (tx: StoreView) => Promise<T | Discarded<T>>): Promise<T>;
  /**
   * Calls `onEvent` once at the start and then for every change at `path` or below, with the path that changed (relative
   * when `path` is). Events carry no values and may be spurious; equal ones that wait are merged, and when very many
   * wait they become one with `path` itself: look at everything again. `path` may be an `@` name.
   */
  watch(path: string, onEvent: WatchListener): Promise<Watch>;
  /** `/local/domain/<id>`, also for a domain that does not exist. */
  domainPath(domain: DomainId): Promise<string>;
  isIntroduced(domain: DomainId): Promise<boolean>;
  /** Drops watches and open transactions and ends the connection; settles when it has ended. */
  close(): Promise<void>;
  /** Settles when the connection has ended: undefined after {@link close}, else why. Never rejects. */
  readonly closed: Promise<XenStoreError | undefined>;
}
