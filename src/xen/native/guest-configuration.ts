/** What libxl keeps of a guest's configuration on disk, as far as passthrough asks for it. */
import { readFileSync } from 'node:fs';
import type { DomainId } from '../domain.js';

/** libxl's state directory (libxl_userdata_path in tools/libs/light of Xen 4.17). */
const DIRECTORY = '/var/lib/xen';

/**
 * Options of xl.cfg that passthrough needs and that the guest was made without. A guest without the host's memory map
 * has RAM where the function's registers are.
 * @returns nothing where the configuration cannot be read: another tool stack made the guest.
 */
export function lackingOptions(guest: DomainId, uuid: string, directory = DIRECTORY): readonly string[] {
  const text = textOf(`${directory}/userdata-d.${guest}.${uuid}.libxl-json`);
  if (text === undefined) return [];
  return memberOf(text, 'b_info', 'type.pv', 'e820_host') === 'True' ? [] : ['e820_host=1'];
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A member of nested objects; undefined where the text, or a level of it, is something else. */
function memberOf(text: string, ...names: readonly string[]): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const name of names) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
