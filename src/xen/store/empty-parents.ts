/** Removing a node together with the directories that it leaves empty, as Xen's tool stack does. */
import { parentPath } from './paths.js';
import type { StoreView } from './store.js';

/**
 * Removes a node, then each one above it that has no child any more, up to `top`, which stays.
 * @returns false when the node was not there.
 */
export async function removeWithEmptyParents(tx: StoreView, path: string, top: string): Promise<boolean> {
  const was = await tx.remove(path);
  for (let parent = parentPath(path); parent !== undefined && parent !== top; parent = parentPath(parent)) {
    if ((await tx.list(parent))?.length !== 0) break;
    await tx.remove(parent);
  }
  return was;
}
