/** Writing nodes within the quotas, and creating one with those above it that are missing, all or none. */
import { leafName } from '../paths.js';
import { entrySize, withChild, type NewNode, type StoreNode } from './node.js';
import { parentName } from './node-name.js';
import { ENOENT, ENOSPC, Refusal } from './refusal.js';
import type { Request } from './request.js';

/**
 * Each new node has the permissions of the one above, and its creator as owner where that is no privileged domain. They
 * are written from the bottom up, as xenstored does; one that a quota forbids takes the others with it.
 */
export function create(request: Request, name: string, value: string): StoreNode | Refusal {
  const { view, store } = request;
  const { domain } = request.connection;
  const missing = [name];
  let top: StoreNode | Refusal = ENOENT;
  let above = name;
  while (top instanceof Refusal) {
    above = parentName(above);
    top = view.read(above);
    if (!(top instanceof Refusal)) break;
    if (top !== ENOENT || above === '/') return top;
    missing.push(above);
  }
  const [owner, ...others] = top.permissions;
  const permissions: StoreNode['permissions'] = domain.privileged
    ? top.permissions
    : [{ ...owner, domain: domain.id }, ...others];
  const written: string[] = [];
  const undo = (refusal: Refusal): Refusal => {
    for (const one of written) view.remove(one);
    view.spoil();
    return refusal;
  };
  let created: StoreNode | Refusal = ENOENT;
  for (const [index, one] of missing.entries()) {
    const child = missing[index - 1];
    const children = child === undefined ? '' : withChild('', leafName(child));
    const node = { value: index === 0 ? value : '', permissions, children };
    if (!domain.privileged && view.ownedBy(domain) >= store.quotas.nodes) return undo(ENOSPC);
    const result = put(request, one, node);
    if (result instanceof Refusal) return undo(result);
    written.push(one);
    if (index === 0) created = result;
  }
  const children = withChild(top.children, leafName(missing.at(-1) ?? name));
  const parent = put(request, above, { ...top, children });
  return parent instanceof Refusal ? undo(parent) : created;
}

/** Writes a node if its client may make one that large; a transaction in which it may not is spoilt. */
export function put({ view, store, connection }: Request, name: string, node: NewNode): StoreNode | Refusal {
  const fits = connection.domain.privileged || entrySize(node) < store.quotas.entrySize;
  const written = fits ? view.write(name, node) : ENOSPC;
  if (written instanceof Refusal) view.spoil();
  return written;
}
