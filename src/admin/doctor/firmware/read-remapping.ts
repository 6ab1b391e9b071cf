/** Looks for a host's remapping table, of either maker. */
import type { FileReading } from '../host-files.js';
import { parseDmar } from './dmar.js';
import { parseIvrs } from './ivrs.js';
import { MalformedTable, type RemappingTable } from './remapping.js';

export type { RemappingTable };

export type Remapping =
  | { readonly state: 'read'; readonly table: RemappingTable }
  | { readonly state: 'absent' }
  /** It is there, and this user may not read it. */
  | { readonly state: 'unreadable'; readonly path: string; readonly errno: string }
  | { readonly state: 'malformed'; readonly path: string; readonly why: string };

const TABLES = '/sys/firmware/acpi/tables';

export function readRemapping(read: (path: string) => FileReading): Remapping {
  for (const [name, parse] of [
    ['DMAR', parseDmar],
    ['IVRS', parseIvrs],
  ] as const) {
    const path = `${TABLES}/${name}`;
    const reading = read(path);
    if ('errno' in reading) {
      if (reading.errno === 'ENOENT' || reading.errno === 'ENOTDIR') continue;
      return { state: 'unreadable', path, errno: reading.errno };
    }
    try {
      return { state: 'read', table: parse(reading.bytes) };
    } catch (error) {
      if (!(error instanceof MalformedTable)) throw error;
      return { state: 'malformed', path, why: error.message };
    }
  }
  return { state: 'absent' };
}
