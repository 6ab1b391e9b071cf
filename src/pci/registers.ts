/** The declarative register model: tables of registers and fields, as data that every face reads. */

/** Width of a register in bytes. */
export type Width = 1 | 2 | 4 | 8;

/**
 * What software may do to a field (PCI Express Base 6.0, 7.4).
 * `ro` read only; `rw` read and write; `w1c` a written 1 clears it; `rc` a read clears it;
 * `wo` write only, reads say nothing; `rsvdp` reserved, keep what was read; `rsvdz` reserved, write 0.
 */
export type Access = 'ro' | 'rw' | 'w1c' | 'rc' | 'wo' | 'rsvdp' | 'rsvdz';

/** How a field's raw number reads for a person. */
export type FieldKind =
  | { readonly kind: 'flag' }
  /** Stands for `raw * times + plus` units (times 1 and plus 0 where absent). */
  | { readonly kind: 'number'; readonly unit?: string; readonly times?: number; readonly plus?: number }
  /** Stands for `raw << shift` (0 where absent): an address or offset whose low bits are implied. */
  | { readonly kind: 'hex'; readonly shift?: number }
  /** Named values; a number that is not listed is shown as it is. */
  | { readonly kind: 'values'; readonly values: Readonly<Record<number, string>> }
  /** A number that stands for `base << raw` units, as the payload sizes do. */
  | { readonly kind: 'power2'; readonly base: number; readonly unit: string };

/** A run of bits of a register. Bits that no field names are reserved (`rsvdp`). */
export interface Field {
  /**
   * Short name, lower case; the last part of the dotted name (`pcie.devctl.max_payload`).
   * Empty for the only field of a register that is one number by itself (`header.vendor`).
   */
  readonly name: string;
  /** Human name, as the specification words it. */
  readonly title: string;
  readonly low: number;
  readonly high: number;
  readonly access: Access;
  /** Survives a reset of the function (sticky). */
  readonly sticky?: boolean;
  readonly show: FieldKind;
}

/** Several registers of one shape, as doorbells and vector tables are. */
export interface Repeat {
  /** How many there are; the most that there can be where `place` is given. */
  readonly count: number;
  /** Bytes from the start of one to the start of the next; the fewest where `place` is given. */
  readonly stride: number;
  /**
   * Where number `index` stands in the table, for those whose count or places the bytes of the table tell; null
   * for one that is not there while later ones may be, undefined past the last one.
   */
  readonly place?: (bytes: RegisterReader, index: number) => number | null | undefined;
}

/** A register at a fixed offset of its table. */
export interface Register {
  readonly name: string;
  readonly title: string;
  /** Byte offset from the start of the table's header or capability; of a repeated register, that of number 0. */
  readonly offset: number;
  readonly width: Width;
  readonly repeat?: Repeat;
  /**
   * Present only when the predicate holds for the bytes of the table (an optional or variant register).
   * Variants of one register share a name or an offset; at most one of them is present at a time.
   */
  readonly when?: (bytes: RegisterReader) => boolean;
  readonly fields: readonly Field[];
}

/** Reads little-endian numbers of a table's own bytes; offsets count from its start. */
export interface RegisterReader {
  /** One access of exactly that width; a register of 8 bytes is read as two of 4. */
  read(offset: number, width: 1 | 2 | 4): number;
}

/** Configuration space as far as it can be read; the port's `ConfigSpace` is one. */
export interface ConfigReader extends RegisterReader {
  /** Bytes that can be read, from offset 0. */
  readonly size: number;
}

/** One header, capability or device register map. */
export interface RegisterTable {
  /** First part of the dotted names: `header`, `pm`, `msi`, `pcie`. */
  readonly name: string;
  readonly title: string;
  /** Where the facts come from: specification and section. */
  readonly source: string;
  /**
   * Set where registers are a window onto something else: writing one back, even with the value that it had, makes an
   * access behind it.
   */
  readonly window?: true;
  /** In order of their offsets. */
  readonly registers: readonly Register[];
}

/** The dotted name of a register or of one of its fields; a repeated register's number stands in brackets. */
export function dottedName(
  table: Pick<RegisterTable, 'name'>,
  register: Pick<Register, 'name'>,
  field?: Pick<Field, 'name'>,
  index?: number,
): string {
  const name = `${table.name}.${register.name}${index === undefined ? '' : `[${index}]`}`;
  return field === undefined || field.name === '' ? name : `${name}.${field.name}`;
}

/** One place where a register stands. */
export interface RegisterPlace {
  /** Number of a repeated register, undefined for one that stands alone. */
  readonly index: number | undefined;
  /** In the table. */
  readonly offset: number;
}

/** Every place of a register, in order; those that the bytes of its table tell, where they are given. */
export function placesOf({ offset, repeat }: Register, bytes?: RegisterReader): readonly RegisterPlace[] {
  if (repeat === undefined) return [{ index: undefined, offset }];
  if (repeat.place !== undefined && bytes !== undefined) {
    const places: RegisterPlace[] = [];
    for (let index = 0; index < repeat.count; index++) {
      const at = repeat.place(bytes, index);
      if (at === undefined) break;
      if (at !== null) places.push({ index, offset: at });
    }
    return places;
  }
  return Array.from({ length: repeat.count }, (_, index) => ({
    index,
    offset: offset + index * repeat.stride,
  }));
}

/** A register of a table that is there, at one of its places. */
export interface RegisterInTable extends RegisterPlace {
  readonly register: Register;
}

/** The registers that the bytes of a table tell to be there, at each of their places, in order. */
export function registersThere(table: RegisterTable, bytes: RegisterReader): readonly RegisterInTable[] {
  return table.registers
    .filter((register) => register.when?.(bytes) ?? true)
    .flatMap((register) => placesOf(register, bytes).map((place) => ({ register, ...place })));
}

/** Bytes from the start of a register to its end, over all of its places. */
export function extentOf({ width, repeat }: Pick<Register, 'width' | 'repeat'>): number {
  return repeat === undefined ? width : (repeat.count - 1) * repeat.stride + width;
}

/** Mask of the bits of a field in a register of up to 4 bytes, as an unsigned number. */
export function fieldMask(field: Pick<Field, 'low' | 'high'>): number {
  // A shift by 32 is a shift by 0, so the full register is made by shifting right.
  return ((0xffffffff >>> (31 - field.high + field.low)) << field.low) >>> 0;
}

/** The raw number of a field in the value of a register of up to 4 bytes. */
export function fieldOf(value: number, field: Pick<Field, 'low' | 'high'>): number {
  return (value & fieldMask(field)) >>> field.low;
}

/** The value of a register of up to 4 bytes with one field replaced; bits of `raw` that do not fit are dropped. */
export function withField(value: number, field: Pick<Field, 'low' | 'high'>, raw: number): number {
  const mask = fieldMask(field);
  return ((value & ~mask) | ((raw << field.low) & mask)) >>> 0;
}

/** Saved bytes as something to read; what lies past their end reads as all ones, as an absent device does. */
export function bytesReader(bytes: Uint8Array): ConfigReader {
  return {
    size: bytes.length,
    read(offset, width) {
      let value = 0;
      // Multiplied, not shifted: the top byte of a dword would make it negative.
      for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[offset + i] ?? 0xff);
      return value;
    },
  };
}

/** Whether a register at `offset` can be read at all. */
export function isReadable(reader: ConfigReader, offset: number, width: Width): boolean {
  return offset >= 0 && offset + width <= reader.size;
}

/**
 * The part of configuration space that starts at `base`, for the predicates of a table. Past the readable size it
 * gives all ones without an access, so a predicate never throws and the registers that it guards show as unreadable.
 */
export function tableReader(reader: ConfigReader, base: number): RegisterReader {
  return {
    read(offset, width) {
      if (isReadable(reader, base + offset, width)) return reader.read(base + offset, width);
      return width === 4 ? 0xffffffff : width === 2 ? 0xffff : 0xff;
    },
  };
}
