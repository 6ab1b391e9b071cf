/**
 * Spaces made from the register tables: each capability in each variant, each field of each table with its values, and
 * the same for the headers.
 */
import {
  bytesReader,
  capabilityTable,
  extendedCapabilityTable,
  headerTable,
  placesOf,
  type Register,
  type RegisterTable,
} from '../../../src/pci/index.js';
import { functionSpace, headerSpace, Packer, type Header, type Placed } from './frame.js';
import { Random } from './random.js';
import { putField, valuesOf } from './register-values.js';
import { headersOf, selectorsOf, type List, type Selector } from './variants.js';

/** How much is made. */
export interface Extent {
  /** Contents by chance for each variant. */
  readonly contents: number;
  /** Rests that a field's values stand among: all else 0, and by chance. */
  readonly rests: number;
}

const IDS: Readonly<Record<List, number>> = { standard: 0x18, extended: 0x3c };
const VERSIONS = 4;
/** A capability without a table, and the least for one that has one. */
const [LEAST_BYTES, MOST_BYTES] = [0x40, 0x180];

/** What the sweep of a run met, so that a table that nothing reaches is seen. */
export interface Synthetic {
  /** By header layout, and by list and id. */
  readonly groups: ReadonlyMap<string, readonly Uint8Array[]>;
  /** Names of tables. */
  readonly reached: ReadonlySet<string>;
  /** Dotted names without the numbers of repeated registers, of fields that had their values. */
  readonly fields: ReadonlySet<string>;
}

export function syntheticSpaces(extent: Extent): Synthetic {
  const making = new Making(extent);
  const groups = new Map<string, readonly Uint8Array[]>();
  for (const layout of [0, 1, 2]) groups.set(`header ${layout}`, making.headers(layout));
  for (const list of ['standard', 'extended'] as const)
    for (let id = 0; id < IDS[list]; id++)
      groups.set(`${list} ${id.toString(16).padStart(2, '0')}`, making.capabilities(list, id));
  return { groups, reached: making.reached, fields: making.fields };
}

class Making {
  readonly reached = new Set<string>();
  readonly fields = new Set<string>();
  readonly #extent: Extent;

  constructor(extent: Extent) {
    this.#extent = extent;
  }

  /** Every field of a header's table with its values, a function for each. */
  headers(layout: number): readonly Uint8Array[] {
    const random = new Random(0x1000 + layout);
    const classCode = [0x0200, 0x0604, 0x0607][layout] ?? 0;
    const header: Header = { vendor: 0x8086, device: 0x1111, classCode, layout, portType: undefined };
    const table = headerTable(layout);
    this.reached.add(table.name);
    const spaces: Uint8Array[] = [];
    for (let rest = 0; rest < this.#extent.rests; rest++) {
      const base = headerSpace(header, 0x100);
      if (rest > 0) {
        base.set(random.bytes(0x40).subarray(0x10), 0x10);
        base.set(random.bytes(2), 0x04);
      }
      for (const one of this.#swept(table, base, random)) spaces.push(one);
    }
    for (let content = 0; content < this.#extent.contents * 20; content++) {
      const space = random.bytes(0x80);
      space[0x0e] = layout | (content & 0x80);
      // A vendor of all ones is no function.
      space.set([0x86, 0x80], 0x00);
      spaces.push(space);
    }
    return spaces;
  }

  /** Every variant of a capability's id, and every field of the tables that these have. */
  capabilities(list: List, id: number): readonly Uint8Array[] {
    const random = new Random((list === 'standard' ? 0x2000 : 0x3000) + id);
    const swept = new Set<string>();
    const spaces: Uint8Array[] = [];
    for (const header of headersOf(list, id)) {
      const packer = new Packer(header, list);
      for (const selector of selectorsOf(list, id))
        for (const bytes of this.#contents(list, selector, random)) {
          const table = this.#tableOf(list, id, header, bytes);
          packer.add({ id, version: random.below(VERSIONS), bytes: bytes.subarray(0, sizeOf(table)) });
          if (table !== undefined) this.#sweep({ table, bytes, swept, packer, id, random });
        }
      for (const space of packer.spaces) spaces.push(space);
    }
    return spaces;
  }

  /** All 0, all ones and by chance, each with the bytes that choose the variant. */
  #contents(list: List, selector: Selector, random: Random): readonly Uint8Array[] {
    const fills: Uint8Array[] = [new Uint8Array(MOST_BYTES), new Uint8Array(MOST_BYTES).fill(0xff)];
    for (let content = 0; content < this.#extent.contents; content++) fills.push(random.bytes(MOST_BYTES));
    for (const bytes of fills) bytes.set(selector, list === 'standard' ? 2 : 4);
    return fills;
  }

  #tableOf(list: List, id: number, header: Header, bytes: Uint8Array): RegisterTable | undefined {
    const about = { capability: bytesReader(bytes), header: bytesReader(functionSpace(header, list)) };
    const table = list === 'standard' ? capabilityTable(id, about) : extendedCapabilityTable(id, about);
    if (table !== undefined) this.reached.add(table.name);
    return table;
  }

  /** Values for the fields of registers that these contents have and that had none yet among such rests. */
  #sweep({
    table,
    bytes,
    swept,
    packer,
    id,
    random,
  }: {
    readonly table: RegisterTable;
    readonly bytes: Uint8Array;
    readonly swept: Set<string>;
    readonly packer: Packer;
    readonly id: number;
    readonly random: Random;
  }): void {
    for (const register of presentIn(table, bytes)) {
      if (register.name === 'list') continue;
      const key = Array.from(
        { length: this.#extent.rests },
        (_, rest) => `${table.name}.${register.name} ${table.registers.indexOf(register)} ${rest}`,
      ).find((one) => !swept.has(one));
      if (key === undefined) continue;
      swept.add(key);
      const only: RegisterTable = { ...table, registers: [register] };
      const version = random.below(VERSIONS);
      for (const one of this.#swept(only, bytes, random))
        packer.add({ id, version, bytes: one.subarray(0, sizeOf(table)) } satisfies Placed);
    }
  }

  /** Copies of the bytes, each with one field of one register changed; of repeated registers the first and the last. */
  *#swept(table: RegisterTable, bytes: Uint8Array, random: Random): Generator<Uint8Array> {
    for (const register of presentIn(table, bytes)) {
      const places = placesOf(register, bytesReader(bytes));
      const chosen = new Set([places[0], places.at(-1)]);
      for (const place of chosen)
        for (const field of place === undefined ? [] : register.fields) {
          this.fields.add(`${table.name}.${register.name}${field.name === '' ? '' : `.${field.name}`}`);
          for (const value of valuesOf(field, random)) {
            const copy = bytes.slice();
            putField(copy, place?.offset ?? 0, register, field, value);
            yield copy;
          }
        }
    }
  }
}

/** Those that stand somewhere in these bytes. */
function presentIn(table: RegisterTable, bytes: Uint8Array): readonly Register[] {
  const reader = bytesReader(bytes);
  return table.registers.filter(
    (register) => (register.when?.(reader) ?? true) && placesOf(register, reader).length > 0,
  );
}

/** Bytes that a capability of that table takes here; what a long one has behind them are those of its neighbour. */
function sizeOf(table: RegisterTable | undefined): number {
  const ends =
    table?.registers.map(
      (register) =>
        Math.max(
          ...placesOf(register)
            .slice(0, 8)
            .map(({ offset }) => offset),
        ) + register.width,
    ) ?? [];
  return Math.min(MOST_BYTES, ends.length === 0 ? LEAST_BYTES : Math.max(...ends));
}
