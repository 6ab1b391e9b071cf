/** One node of the store: never changed, only replaced, so that whoever holds one has a snapshot of it. */

/** Rights as bits (enum xs_perm_type of Xen's tools). */
export const READ = 1;
export const WRITE = 2;
/** Of the owner and of privileged domains; no list can give it. */
export const OWNER = 4;

/** An entry of a node's list. The first one names the owner, and what everybody may who is not listed. */
export interface StoredPermission {
  /** {@link READ} and {@link WRITE}. */
  readonly rights: number;
  /** Any signed number of 32 bits that a client wrote; who it means is looked up when it matters. */
  readonly domain: number;
  /** The domain that was meant is gone: a later one of the same number has no part in it. */
  readonly void: boolean;
}

export interface StoreNode {
  /** One character for each byte. */
  readonly value: string;
  readonly permissions: readonly [StoredPermission, ...StoredPermission[]];
  /** Their names in order of creation, each ended by NUL: as DIRECTORY lists them. */
  readonly children: string;
  /** Never the same for two states of any nodes. */
  readonly generation: number;
}

/** A node before it is written, which is what gives it its generation. */
export type NewNode = Omit<StoreNode, 'generation'>;

/** What the owner's account is charged for a node besides its name: the size of xenstored's record of it. */
export function entrySize(node: NewNode): number {
  return 24 + 8 * node.permissions.length + node.value.length + node.children.length;
}

/** The list of children with one more at its end. */
export function withChild(children: string, name: string): string {
  return `${children}${name}\0`;
}

/** The list of children without one of them; undefined when that is none of them. */
export function withoutChild(children: string, name: string): string | undefined {
  if (children.startsWith(`${name}\0`)) return children.slice(name.length + 1);
  const at = children.indexOf(`\0${name}\0`);
  return at < 0 ? undefined : children.slice(0, at + 1) + children.slice(at + 2 + name.length);
}

/** The children's names in order. */
export function childNames(children: string): string[] {
  return children === '' ? [] : children.slice(0, -1).split('\0');
}
