/** Rights: what a domain may do with a node, and the letters that stand for it on the wire. */
import { isDomainId } from '../../domain.js';
import type { Permission } from '../permissions.js';
import type { Domain } from './domains.js';
import { OWNER, READ, WRITE, type StoreNode, type StoredPermission } from './node.js';

/** Of a node: {@link READ}, {@link WRITE} and {@link OWNER} as bits. Who acts for another domain has its rights too. */
export function rightsOf(domain: Domain, permissions: StoreNode['permissions']): number {
  if (domain.privileged) return READ | WRITE | OWNER;
  const { id, target } = domain;
  const [owner] = permissions;
  if (owner.domain === id || owner.domain === target?.id) return READ | WRITE | OWNER;
  for (let index = 1; index < permissions.length; index++) {
    const one = permissions[index];
    if (one !== undefined && !one.void && (one.domain === id || one.domain === target?.id)) return one.rights;
  }
  return owner.rights;
}

const LETTERS = ['n', 'r', 'w', 'b'] as const;

/** `n0`, `b-1`: as GET_PERMS answers. */
export function permissionText({ rights, domain }: StoredPermission): string {
  return `${LETTERS[rights & (READ | WRITE)] ?? 'n'}${domain}`;
}

/** The number after the letter, as C's strtol reads it with base 0: decimal, `0x` and octal, white space and a sign first. */
const NUMBER = /^[\t-\r ]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))$/;

/** Undefined when it is no letter with a number. */
export function parseStoredPermission(text: string): StoredPermission | undefined {
  const rights = LETTERS.findIndex((letter) => text.startsWith(letter));
  const match = NUMBER.exec(text.slice(1));
  if (rights < 0 || match === null) return undefined;
  const [, sign = '', hexadecimal, octal, decimal] = match;
  const base = hexadecimal === undefined ? (octal === undefined ? '' : '0o0') : '0x';
  const magnitude = BigInt(`${base}${hexadecimal ?? octal ?? decimal ?? '0'}`);
  return { rights, domain: toInt(sign === '-' ? -magnitude : magnitude), void: false };
}

/** For whoever embeds the server. The entries that name no domain that can be are left out. */
export function toPermissions(permissions: readonly StoredPermission[]): readonly Permission[] {
  const access = ['none', 'read', 'write', 'both'] as const;
  return permissions.flatMap(({ rights, domain }) =>
    isDomainId(domain) ? [{ access: access[rights & (READ | WRITE)] ?? 'none', domain }] : [],
  );
}

/** What C makes of a long that is put into an int. */
export function toInt(value: bigint): number {
  const most = 0x7fff_ffff_ffff_ffffn;
  return Number(BigInt.asIntN(32, value > most ? most : value < -most - 1n ? -most - 1n : value));
}
