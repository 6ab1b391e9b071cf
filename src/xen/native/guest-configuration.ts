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
  const configuration = read(pathOf(guest, uuid, directory));
  if (configuration === undefined) return [];
  const lacking: string[] = [];
  const passthrough = memberOf(configuration, 'c_info', 'passthrough') ?? 'default';
  // By default a guest has an IOMMU context when it is made with functions.
  const without =
    passthrough === 'default' ? memberOf(configuration, 'pcidevs') === undefined : passthrough === 'disabled';
  if (without) lacking.push('passthrough="enabled"');
  if (memberOf(configuration, 'b_info', 'type.pv', 'e820_host') !== 'True') lacking.push('e820_host=1');
  return lacking;
}

/** The type that the guest was made with, `pv`, `pvh` or `hvm`; undefined where the configuration does not tell. */
export function configuredType(guest: DomainId, uuid: string, directory = DIRECTORY): string | undefined {
  const type = memberOf(read(pathOf(guest, uuid, directory)), 'c_info', 'type');
  return typeof type === 'string' ? type : undefined;
}

function pathOf(guest: DomainId, uuid: string, directory: string): string {
  return `${directory}/userdata-d.${guest}.${uuid}.libxl-json`;
}

/** Undefined where there is no such file, or it holds something else. */
function read(path: string): unknown {
  try {
    // libxl writes the end of its C string, too.
    return JSON.parse(readFileSync(path, 'utf8').replace(/\0$/, '')) as unknown;
  } catch {
    return undefined;
  }
}

/** A member of nested objects; undefined where a level of it is something else. */
function memberOf(value: unknown, ...names: readonly string[]): unknown {
  for (const name of names) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
