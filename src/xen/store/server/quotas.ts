/** Quotas: how much of the store one unprivileged domain may have. dom0 has none. */

/** Each is per domain. The names are those of xenstored's options; 0 has no special meaning. */
export interface Quotas {
  /** Nodes that the domain owns. One more is ENOSPC. */
  readonly nodes: number;
  /** Watches; as in xenstored the one after it is still taken, the next is E2BIG. */
  readonly watches: number;
  /** Open transactions; as in xenstored the one after it is still taken, the next is ENOSPC. */
  readonly transactions: number;
  /** Nodes that one transaction may have looked at or changed. One more is ENOSPC and the transaction cannot be ended well. */
  readonly transactionNodes: number;
  /** Replies that the domain has not taken; with so many nothing more is read from it. */
  readonly outstanding: number;
  /** Bytes of a node: value, names of its children, permissions and 24 more. That many is ENOSPC. */
  readonly entrySize: number;
  /** Characters of a node's name, without the `/local/domain/<id>/` that it may begin with. One more is EINVAL, for dom0 too. */
  readonly nameLength: number;
  /** Entries of a node's list of permissions. One more is ENOSPC. */
  readonly permissions: number;
  /** Bytes of nodes, watches and transactions in all. So many is ENOMEM, and ENOSPC for a look within a transaction. */
  readonly memory: number;
}

/** What xenstored of Xen 4.17 gives a domain. */
export const DEFAULT_QUOTAS: Quotas = {
  nodes: 1000,
  watches: 128,
  transactions: 10,
  transactionNodes: 1024,
  outstanding: 20,
  entrySize: 2048,
  nameLength: 2048,
  permissions: 5,
  memory: 0x28_0000,
};
