/** XenStore paths: which texts are one, and taking them apart (docs/misc/xenstore.txt of Xen). */

/** Most characters of a path that begins with `/`. */
export const MAX_ABSOLUTE_PATH = 3072;
/** Most characters of a path that is relative to the caller's own home. */
export const MAX_RELATIVE_PATH = 2048;

/** Fires when a domain becomes known to the store. */
export const INTRODUCE_DOMAIN = '@introduceDomain';
/** Fires when a domain shuts down, crashes or is gone. */
export const RELEASE_DOMAIN = '@releaseDomain';

/**
 * Why a text is no path, undefined when it is one. Names that begin with `@` are paths only with `special`:
 * where a watch or permissions are meant.
 */
export function pathFault(path: string, options: { readonly special?: boolean } = {}): string | undefined {
  if (path === '') return 'it is empty';
  const bad = /[^A-Za-z0-9\-/_@]/.exec(path);
  if (bad !== null) {
    return `character ${bad.index + 1} is none of A-Z a-z 0-9 - / _ @`;
  }
  const absolute = path.startsWith('/');
  if (path.startsWith('@')) {
    if (options.special !== true) return 'a name with @ can only be watched or given permissions';
    if (path === '@' || path.startsWith('@/')) return '@ stands without a name';
  }
  const limit = absolute ? MAX_ABSOLUTE_PATH : MAX_RELATIVE_PATH;
  if (path.length > limit) return `it has ${path.length} characters, more than ${limit}`;
  if (path.includes('//')) return 'it has an empty name (//)';
  if (path !== '/' && path.endsWith('/')) return 'it ends with /';
  return undefined;
}

/** True for an absolute or relative path; for `@` names only with `special`. */
export function isPath(path: string, options: { readonly special?: boolean } = {}): boolean {
  return pathFault(path, options) === undefined;
}

/** A path below another one; the root needs no second slash. The result is not checked. */
export function joinPath(parent: string, ...names: readonly string[]): string {
  return names.reduce((path, name) => (path === '/' ? `/${name}` : `${path}/${name}`), parent);
}

/** The path that a node stands in: `/` for `/tool`; undefined for `/`, for `@` names and for a lone relative name. */
export function parentPath(path: string): string | undefined {
  const slash = path.lastIndexOf('/');
  if (path === '/' || slash < 0) return undefined;
  return slash === 0 ? '/' : path.slice(0, slash);
}

/** The last name of a path; empty for `/`. */
export function leafName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** True when `path` is `top` or lies below it. */
export function isAtOrBelow(path: string, top: string): boolean {
  return path === top || path.startsWith(top === '/' ? '/' : `${top}/`);
}

/** Where the nodes of a domain stand, and what its relative paths begin from; also for a number that is no domain's. */
export function homePath(domain: number): string {
  return `/local/domain/${domain}`;
}
