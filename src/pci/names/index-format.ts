/**
 * The layout of an index of pci.ids: sorted tables of numbers, and one pool of the names that they point to. All
 * numbers are little-endian and of 32 bits, so that a lookup is a binary search in the bytes and nothing is parsed.
 *
 * Bytes 0 to 7 are the {@link MAGIC}; then the number of the format, the length of the whole, where the version, the
 * date and the notice stand in the pool (all ones: not said), and the tables in the order of {@link TABLES}. Of each: how
 * many entries it has, where its sorted keys begin, and where, in the same order, the places of their names begin.
 * Behind the tables: where the column of the devices' first subsystems begins, which has one place more than there are
 * devices: the subsystems of device n are those from place n to before place n + 1 of that column. A name in the pool is
 * its length of 16 bits and its bytes in UTF-8.
 */

/** `pci.ids` and a zero. */
export const MAGIC: readonly number[] = [0x70, 0x63, 0x69, 0x2e, 0x69, 0x64, 0x73, 0];

/** Changes whenever the layout does. */
export const FORMAT = 1;

/** In the order of the directory. */
export const TABLES = [
  'vendors',
  'devices',
  'subsystems',
  'anySubsystems',
  'baseClasses',
  'subclasses',
  'interfaces',
] as const;

export type TableName = (typeof TABLES)[number];

export const AT = { format: 8, length: 12, version: 16, date: 20, notice: 24, tables: 28 } as const;

/** Bytes of a table's entry in the directory. */
export const TABLE_ENTRY = 12;

export const FIRST_SUBSYSTEMS_AT = AT.tables + TABLES.length * TABLE_ENTRY;

export const HEADER_BYTES = FIRST_SUBSYSTEMS_AT + 4;

/** A place in the pool that is none. */
export const NOT_SAID = 0xffff_ffff;

/** Bytes of a name's length. */
export const LENGTH_BYTES = 2;
