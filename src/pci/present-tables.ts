/** The register tables that a function has: of its header and of each capability of both lists, where they stand. */
import { walkCapabilities, walkExtendedCapabilities } from './capabilities.js';
import { capabilityNames, extendedCapabilityNames } from './capability-ids.js';
import { Header } from './header.js';
import { isReadable, tableReader } from './registers.js';
import type { ConfigReader, RegisterTable } from './registers.js';
import { capabilityTable, extendedCapabilityTable, headerTable } from './tables/index.js';

/** A table with its place, in bytes, and the name that tells it from others of its kind. */
export interface PresentTable {
  readonly table: RegisterTable;
  /** Where it begins in configuration space. */
  readonly base: number;
  /** Short name of the capability, `header` for the header: several tables may be chosen for one capability. */
  readonly capability: string;
  /** The table's name, with where it stands behind it (`vendor@50`, hexadecimal) where the function has several. */
  readonly label: string;
}

/** No layout, so that what all layouts share is taken where the type cannot be read. */
const NO_LAYOUT = 0x7f;

/** Header first, then each list in its order. Empty where no function answers. Throws only what the reader throws inside its size. */
export function presentTables(reader: ConfigReader): PresentTable[] {
  if (isReadable(reader, Header.vendor, 4) && reader.read(Header.vendor, 4) >>> 0 === 0xffff_ffff) return [];
  const header = tableReader(reader, 0);
  const type = isReadable(reader, Header.type, 1) ? reader.read(Header.type, 1) : NO_LAYOUT;
  const found: Omit<PresentTable, 'label'>[] = [{ table: headerTable(type), base: 0, capability: 'header' }];
  const add = (
    tableOf: typeof capabilityTable,
    names: typeof capabilityNames,
    { id, offset }: { readonly id: number; readonly offset: number },
  ) => {
    const table = tableOf(id, { capability: tableReader(reader, offset), header });
    if (table !== undefined)
      found.push({ table, base: offset, capability: names.get(id)?.name ?? table.name });
  };
  for (const entry of walkCapabilities(reader).entries) add(capabilityTable, capabilityNames, entry);
  for (const entry of walkExtendedCapabilities(reader).entries)
    add(extendedCapabilityTable, extendedCapabilityNames, entry);
  const named = new Map<string, number>();
  for (const { table } of found) named.set(table.name, (named.get(table.name) ?? 0) + 1);
  return found.map((each) => {
    const { name } = each.table;
    return { ...each, label: (named.get(name) ?? 0) > 1 ? `${name}@${each.base.toString(16)}` : name };
  });
}
