/** Names of ids out of the bytes of an index: each lookup is a binary search, and only names that are asked for are made. */
import { OpenslotError } from '../errors.js';
import { visibleText } from '../visible-text.js';
import {
  AT,
  FIRST_SUBSYSTEMS_AT,
  FORMAT,
  HEADER_BYTES,
  LENGTH_BYTES,
  MAGIC,
  NOT_SAID,
  TABLE_ENTRY,
  TABLES,
  type TableName,
} from './index-format.js';
import type { PciNames } from './names.js';
import { pairOf } from './pair.js';

/** Bytes are no index of pci.ids that this version reads. */
export class IdsIndexError extends OpenslotError {
  readonly code = 'IDS_INDEX_UNSOUND';
  constructor(why: string) {
    super(
      `this is no index of a pci.ids that can be read: ${why}`,
      { why },
      'make it anew: openslot ids update FILE; go back to the one before: openslot ids revert',
    );
  }
}

/** What an index is of, and how much is in it. */
export interface AboutNames {
  /** As the pci.ids itself says; undefined where it does not. */
  readonly version: string | undefined;
  readonly date: string | undefined;
  /** Comments at its head: who made it, its licence and its copyright. */
  readonly notice: string;
  readonly counts: Readonly<Record<TableName, number>>;
}

/** A table of the index: where its columns are. */
interface Table {
  readonly count: number;
  readonly keys: number;
  readonly names: number;
}

/** Names out of an index that {@link writeIndex} made. @throws {IdsIndexError} the bytes are no such index. */
export class IndexedNames implements PciNames {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #tables: Readonly<Record<TableName, Table>>;
  readonly #firstSubsystems: number;
  readonly #decoder = new TextDecoder();
  /** Names by their place. */
  readonly #made = new Map<number, string>();

  /** Keeps the bytes, which nobody may change. @throws {IdsIndexError} */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEADER_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte))
      throw new IdsIndexError('it does not begin as one');
    const format = this.#number(AT.format);
    if (format !== FORMAT) throw new IdsIndexError(`its format is ${format}, and ${FORMAT} is known`);
    if (this.#number(AT.length) !== bytes.length)
      throw new IdsIndexError(`it has ${bytes.length} bytes of ${this.#number(AT.length)}`);
    this.#tables = {
      vendors: this.#table('vendors'),
      devices: this.#table('devices'),
      subsystems: this.#table('subsystems'),
      anySubsystems: this.#table('anySubsystems'),
      baseClasses: this.#table('baseClasses'),
      subclasses: this.#table('subclasses'),
      interfaces: this.#table('interfaces'),
    };
    this.#firstSubsystems = this.#column(this.#number(FIRST_SUBSYSTEMS_AT), this.#tables.devices.count + 1);
  }

  get about(): AboutNames {
    const said = (at: number) => {
      const place = this.#number(at);
      return place === NOT_SAID ? undefined : this.#text(place)?.split('\n').map(visibleText).join('\n');
    };
    const counts = Object.fromEntries(TABLES.map((table) => [table, this.#tables[table].count]));
    return {
      version: said(AT.version),
      date: said(AT.date),
      notice: said(AT.notice) ?? '',
      counts: counts as Record<TableName, number>,
    };
  }

  vendor(vendor: number): string | undefined {
    return this.#lookUp(this.#tables.vendors, vendor);
  }

  device(vendor: number, device: number): string | undefined {
    return this.#lookUp(this.#tables.devices, pairOf(vendor, device));
  }

  subsystem(
    vendor: number,
    device: number,
    subsystemVendor: number,
    subsystemDevice: number,
  ): string | undefined {
    const { devices, subsystems, anySubsystems } = this.#tables;
    const key = pairOf(subsystemVendor, subsystemDevice);
    const nth = this.#find(devices, pairOf(vendor, device), 0, devices.count);
    if (nth >= 0) {
      const first = this.#number(this.#firstSubsystems + 4 * nth);
      const end = Math.min(this.#number(this.#firstSubsystems + 4 * nth + 4), subsystems.count);
      const own = this.#find(subsystems, key, first, end);
      if (own >= 0) return this.#nameOf(subsystems, own);
    }
    const any = this.#lookUp(anySubsystems, key);
    if (any !== undefined) return any;
    // A device that has its own ids as those of its subsystem is the vendor's own board.
    return subsystemVendor === vendor && subsystemDevice === device && nth >= 0
      ? this.#nameOf(devices, nth)
      : undefined;
  }

  baseClass(base: number): string | undefined {
    return this.#lookUp(this.#tables.baseClasses, base);
  }

  subclass(classCode: number): string | undefined {
    return this.#lookUp(this.#tables.subclasses, classCode);
  }

  programmingInterface(classCode: number): string | undefined {
    return this.#lookUp(this.#tables.interfaces, classCode);
  }

  #number(at: number): number {
    return this.#view.getUint32(at, true);
  }

  #table(name: TableName): Table {
    const at = AT.tables + TABLES.indexOf(name) * TABLE_ENTRY;
    const count = this.#number(at);
    return {
      count,
      keys: this.#column(this.#number(at + 4), count),
      names: this.#column(this.#number(at + 8), count),
    };
  }

  /** Checks that it is inside, so that no lookup reads past the end. */
  #column(begin: number, count: number): number {
    if (begin < HEADER_BYTES || begin + 4 * count > this.#bytes.length)
      throw new IdsIndexError('a table reaches past its end');
    return begin;
  }

  #lookUp(table: Table, key: number): string | undefined {
    const nth = this.#find(table, key, 0, table.count);
    return nth < 0 ? undefined : this.#nameOf(table, nth);
  }

  /** Which entry from `from` on and before `end` has the key; -1 where none has. */
  #find({ keys }: Table, key: number, from: number, end: number): number {
    while (from < end) {
      const middle = (from + end) >>> 1;
      const found = this.#view.getUint32(keys + 4 * middle, true);
      if (found === key) return middle;
      if (found < key) from = middle + 1;
      else end = middle;
    }
    return -1;
  }

  #nameOf({ names }: Table, nth: number): string | undefined {
    return this.#name(this.#number(names + 4 * nth));
  }

  /** Undefined where the index is damaged there: looking at a machine never fails for want of a name. */
  #name(place: number): string | undefined {
    const made = this.#made.get(place);
    if (made !== undefined) return made;
    const text = this.#text(place);
    if (text === undefined) return undefined;
    const name = visibleText(text);
    this.#made.set(place, name);
    return name;
  }

  #text(place: number): string | undefined {
    const begin = place + LENGTH_BYTES;
    if (begin > this.#bytes.length) return undefined;
    return this.#decoder.decode(this.#bytes.subarray(begin, begin + this.#view.getUint16(place, true)));
  }
}
