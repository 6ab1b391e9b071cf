/** The creation of a node with the ones above it that are missing, all or none. */
import { entrySize, withChild, type NewNode, type StoreNode } from './node.js';
import { parentName } from './node-name.js';
import { baseName } from './removal.js';
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
  let created: StoreNode | undefined;
  for (const [index, one] of missing.entries()) {
    const child = missing[index - 1];
    const node: NewNode = {
      value: index === 0 ? value : '',
      permissions,
      children: child === undefined ? '' : withChild('', baseName(child)),
    };
    if (!domain.privileged && view.ownedBy(domain) >= store.quotas.nodes) return undo(ENOSPC);
    if (!domain.privileged && entrySize(node) >= store.quotas.entrySize) return undo(ENOSPC);
    const result = view.write(one, node);
    if (result instanceof Refusal) return undo(result);
    written.push(one);
    created ??= result;
  }
  const parent = { ...top, children: withChild(top.children, baseName(missing.at(-1) ?? name)) };
  if (!domain.privileged && entrySize(parent) >= store.quotas.entrySize) return undo(ENOSPC);
  const result = view.write(above, parent);
  if (result instanceof Refusal) return undo(result);
  return created ?? ENOENT;
}
