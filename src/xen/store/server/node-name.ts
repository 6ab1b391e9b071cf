/** Names of nodes as the server takes them: the characters, and the length below a domain's own home. */

/** Absolute, no empty part, no slash at the end unless it is the root. */
const NODE_NAME = /^\/(?:[A-Za-z0-9\-_@]+(?:\/[A-Za-z0-9\-_@]+)*)?$/;
/** As xenstored reads it, with C's `%5u`: a sign is allowed, more than five digits are not. */
const HOME = /^\/local\/domain\/(?:-?\d{1,4}|\d{5})\//;

/**
 * True for an absolute path that can be a node's name.
 * @param most characters, of which those of `/local/domain/<id>/` at its beginning are none.
 */
export function isNodeName(path: string, most: number): boolean {
  if (!NODE_NAME.test(path)) return false;
  if (path.length <= most) return true;
  const home = HOME.exec(path);
  return home !== null && path.length <= home[0].length + most;
}

/** The name of the node above; the root is above itself. */
export function parentName(name: string): string {
  const slash = name.lastIndexOf('/');
  return slash <= 0 ? '/' : name.slice(0, slash);
}
