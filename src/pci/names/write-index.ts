/** Writes the index of a pci.ids. */
import type { IdsText } from './ids-text.js';
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

type Entry = readonly [key: number, name: string];

/** Names one behind the other, each of them once. */
class NamePool {
  readonly #encoder = new TextEncoder();
  readonly #places = new Map<string, number>();
  readonly #names: Uint8Array[] = [];
  length = 0;

  /** Where the name stands, from the pool's begin. @throws {RangeError} it has more than 65,535 bytes. */
  place(name: string): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const bytes = this.#encoder.encode(name);
    if (bytes.length > 0xffff)
      throw new RangeError(`a name of ${bytes.length} bytes has no room in an index`);
    const place = this.length;
    this.#places.set(name, place);
    this.#names.push(bytes);
    this.length += LENGTH_BYTES + bytes.length;
    return place;
  }

  writeTo(target: Uint8Array, at: number): void {
    for (const name of this.#names) {
      target[at] = name.length & 0xff;
      target[at + 1] = name.length >>> 8;
      target.set(name, at + LENGTH_BYTES);
      at += LENGTH_BYTES + name.length;
    }
  }
}

function sorted(names: ReadonlyMap<number, string>): Entry[] {
  return [...names].sort(([a], [b]) => a - b);
}

/** For {@link IndexedNames}. The same text gives the same bytes. */
export function writeIndex(ids: IdsText): Uint8Array {
  const devices = sorted(ids.devices);
  const ofEach = devices.map(([device]) => sorted(ids.subsystems.get(device) ?? new Map<number, string>()));
  const entries: Readonly<Record<TableName, readonly Entry[]>> = {
    vendors: sorted(ids.vendors),
    devices,
    subsystems: ofEach.flat(),
    anySubsystems: sorted(ids.anySubsystems),
    baseClasses: sorted(ids.baseClasses),
    subclasses: sorted(ids.subclasses),
    interfaces: sorted(ids.interfaces),
  };
  const pool = new NamePool();
  const { version, date, notice } = ids.heading;
  const heading = [version, date, notice].map((text) => (text === undefined ? undefined : pool.place(text)));
  const places = TABLES.map((table) => entries[table].map(([, name]) => pool.place(name)));

  const numbers = places.reduce((sum, { length }) => sum + 2 * length, devices.length + 1);
  const poolAt = HEADER_BYTES + 4 * numbers;
  const bytes = new Uint8Array(poolAt + pool.length);
  const view = new DataView(bytes.buffer);
  let end = HEADER_BYTES;
  /** Puts a column behind the others and says where it begins. */
  const column = (values: readonly number[]): number => {
    const begin = end;
    for (const value of values) {
      view.setUint32(end, value, true);
      end += 4;
    }
    return begin;
  };

  bytes.set(MAGIC);
  view.setUint32(AT.format, FORMAT, true);
  view.setUint32(AT.length, bytes.length, true);
  [AT.version, AT.date, AT.notice].forEach((at, i) => {
    const place = heading[i];
    view.setUint32(at, place === undefined ? NOT_SAID : poolAt + place, true);
  });
  TABLES.forEach((table, i) => {
    const at = AT.tables + i * TABLE_ENTRY;
    view.setUint32(at, entries[table].length, true);
    view.setUint32(at + 4, column(entries[table].map(([key]) => key)), true);
    view.setUint32(at + 8, column((places[i] ?? []).map((place) => poolAt + place)), true);
  });
  let before = 0;
  const firsts = [0, ...ofEach.map(({ length }) => (before += length))];
  view.setUint32(FIRST_SUBSYSTEMS_AT, column(firsts), true);
  pool.writeTo(bytes, poolAt);
  return bytes;
}
