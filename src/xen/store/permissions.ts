/** Permissions of XenStore nodes, and their text on the wire: a letter and a domain id, `n0`, `r1`. */
import { isDomainId } from '../domain.js';
import type { DomainId } from '../domain.js';

/** What a domain may do with a node. */
export type Access = 'none' | 'read' | 'write' | 'both';

/**
 * One entry of a node's list. In the first one `domain` owns the node (and may do everything) and `access` is for
 * everybody who is not listed; each further one is that domain's right. dom0 may always do everything.
 */
export interface Permission {
  readonly access: Access;
  readonly domain: DomainId;
}

const LETTERS = { none: 'n', read: 'r', write: 'w', both: 'b' } as const satisfies Record<Access, string>;
const ACCESS: ReadonlyMap<string, Access> = new Map([
  ['n', 'none'],
  ['r', 'read'],
  ['w', 'write'],
  ['b', 'both'],
]);

/** `n0`, `r1`. */
export function formatPermission({ access, domain }: Permission): string {
  return `${LETTERS[access]}${domain}`;
}

/** Undefined when the text is no letter of n, r, w, b with a decimal domain id. */
export function parsePermission(text: string): Permission | undefined {
  const access = ACCESS.get(text.charAt(0));
  const digits = text.slice(1);
  if (access === undefined || !/^(0|[1-9][0-9]{0,4})$/.test(digits)) return undefined;
  const domain = Number(digits);
  return isDomainId(domain) ? { access, domain } : undefined;
}

/** The list in one text as the tools print it: `n0,r1`. */
export function formatPermissions(permissions: readonly Permission[]): string {
  return permissions.map(formatPermission).join(',');
}

/** Undefined when any of the texts is malformed or there is none: a node always has an owner. */
export function parsePermissions(texts: readonly string[]): readonly Permission[] | undefined {
  const permissions: Permission[] = [];
  for (const text of texts) {
    const permission = parsePermission(text);
    if (permission === undefined) return undefined;
    permissions.push(permission);
  }
  return permissions.length === 0 ? undefined : permissions;
}
