/** The removal of a node with everything below it, in the order in which xenstored does it. */
import { joinPath, leafName } from '../paths.js';
import { childNames, withoutChild, type StoreNode } from './node.js';
import { parentName } from './node-name.js';
import { EINVAL, EIO, ENOENT, Refusal } from './refusal.js';
import type { NodeView } from './tree.js';

/** Told of each node that goes; `exact` for those below the one that was named. */
export type OnGone = (name: string, exact: boolean, before: StoreNode) => void;

/**
 * Removes a node that is there and is not the root: what is below it first, and its name from its parent's list.
 * EIO or EINVAL when parents and children do not fit: in a transaction that saw one before a change of others and one
 * after it, and which therefore cannot end well.
 */
export function removeSubtree(view: NodeView, name: string, onGone: OnGone): Refusal | undefined {
  const above = parentName(name);
  const parent = view.read(above);
  if (parent instanceof Refusal) return parent === ENOENT ? EINVAL : parent;
  const refused = removeBelow(view, name, onGone);
  if (refused !== undefined) return refused;
  const children = withoutChild(parent.children, leafName(name));
  if (children === undefined) return EIO;
  const written = view.write(above, { ...parent, children });
  return written instanceof Refusal ? written : undefined;
}

// Not recursive: a path may have a thousand parts.
function removeBelow(view: NodeView, top: string, onGone: OnGone): Refusal | undefined {
  const open: { readonly name: string; readonly node: StoreNode; readonly children: string[] }[] = [];
  const enter = (name: string): Refusal | undefined => {
    const node = view.read(name);
    if (node instanceof Refusal) return EIO;
    open.push({ name, node, children: childNames(node.children).reverse() });
    return undefined;
  };
  let refused = enter(top);
  while (refused === undefined) {
    const last = open.at(-1);
    if (last === undefined) return undefined;
    const child = last.children.pop();
    if (child !== undefined) {
      refused = enter(joinPath(last.name, child));
      continue;
    }
    refused = view.remove(last.name);
    if (refused === undefined) onGone(last.name, last.name !== top, last.node);
    open.pop();
  }
  return refused;
}
