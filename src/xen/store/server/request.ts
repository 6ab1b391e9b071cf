/** A request as the operations see it: who asks, what of, and the parts of its payload. */
import type { Message } from '../wire.js';
import type { Connection } from './connection.js';
import { rightsOf, toInt } from './rights.js';
import { EACCES, EINVAL, ENOENT, Refusal } from './refusal.js';
import { isNodeName, parentName } from './node-name.js';
import type { StoreNode } from './node.js';
import type { Store } from './store.js';
import type { Transaction } from './transaction.js';
import type { NodeView } from './tree.js';

export interface Request {
  readonly store: Store;
  readonly connection: Connection;
  readonly message: Message;
  /** The payload, one character for each byte. */
  readonly text: string;
  /** The transaction that it belongs to. */
  readonly transaction: Transaction | undefined;
  /** That transaction, or the tree. */
  readonly view: NodeView;
}

/** The reply's payload; a refusal; undefined when the operation has answered by itself. */
export type Answer = string | Refusal | undefined;

/** The reply of operations that have nothing to say. */
export const OK = 'OK\0';

/** The payload's only string: exactly one NUL, at the end. */
export function onlyString(text: string): string | undefined {
  return text.length > 0 && text.indexOf('\0') === text.length - 1 ? text.slice(0, -1) : undefined;
}

/** The strings that are ended by NUL; what stands behind the last one is left out. */
export function endedStrings(text: string): string[] {
  const strings = text.split('\0');
  strings.pop();
  return strings;
}

/** The whole name for a path as a client gives it: one that does not begin with `/` or `@` begins from its home. */
export function wholeName(request: Request, path: string): string {
  return path.startsWith('/') || path.startsWith('@') ? path : `${request.connection.domain.home}/${path}`;
}

/**
 * The node of that name if the client has all of these rights to it. When there is none, the nearest node above that
 * is there decides whether the client may know so.
 */
export function nodeFor(request: Request, name: string, rights: number): StoreNode | Refusal {
  if (!isNodeName(name, request.store.quotas.nameLength)) return EINVAL;
  const node = request.view.read(name);
  const { domain } = request.connection;
  let refusal = EACCES;
  if (node instanceof Refusal) {
    if (node !== ENOENT) return node;
    refusal = ENOENT;
  } else if ((rightsOf(domain, node.permissions) & rights) === rights) return node;
  for (let above = name; ;) {
    above = parentName(above);
    const parent = request.view.read(above);
    if (!(parent instanceof Refusal)) {
      return (rightsOf(domain, parent.permissions) & rights) === 0 ? EACCES : refusal;
    }
    if (parent !== ENOENT || above === '/') return parent;
  }
}

/** What C's atoi makes of a text: the digits that it begins with, 0 when there are none. */
export function leadingInt(text: string): number {
  const digits = /^[\t-\r ]*([+-]?\d+)/.exec(text)?.[1];
  return digits === undefined ? 0 : toInt(BigInt(digits.replace('+', '')));
}

/** A domain id as xenstored reads it: any number of 32 bits, without sign. */
export function domainNumber(text: string): number {
  return leadingInt(text) >>> 0;
}
