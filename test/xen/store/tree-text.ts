/** A server's tree as text, and permissions as the tools take them. */
import {
  formatPermissions,
  isAtOrBelow,
  parsePermissions,
  type StoreServer,
} from '../../../src/xen/store/index.js';
import type { Permission } from '../../../src/xen/store/index.js';

/** Sorted lines `path = "value" (n0,r1)` of what is below a node; what every store begins with is left out. */
export function treeText(server: StoreServer, top = '/'): string {
  return [...server.nodes(top)]
    .filter(({ path }) => path !== top && !isAtOrBelow(path, '/tool'))
    .map(
      ({ path, value, permissions }) =>
        `${path} = "${escapeValue(value)}" (${formatPermissions(permissions)})`,
    )
    .sort()
    .join('\n');
}

/** `permissions('n0', 'r1')`. */
export function permissions(...texts: readonly string[]): readonly Permission[] {
  const list = parsePermissions(texts);
  if (list === undefined) throw new TypeError(`no permissions: ${texts.join(' ')}`);
  return list;
}

/** Printable ASCII as it is, all else as xenstore-ls prints it. */
export function escapeValue(value: string): string {
  return value.replace(/[^\x20-\x5b\x5d-\x7e]/g, (character) => {
    const short = { '\t': 't', '\n': 'n', '\r': 'r', '\\': '\\' }[character];
    if (short !== undefined) return `\\${short}`;
    const code = character.charCodeAt(0);
    return code < 8 ? `\\${code.toString(8).padStart(3, '0')}` : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}
