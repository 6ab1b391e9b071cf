/** Builders that make the entries of register tables short to write and to read. */
import type { Access, Field, FieldKind, Register, RegisterReader, Repeat, Width } from './registers.js';

/** Shown as a hexadecimal number of `raw << shift`. */
export function hex(shift = 0): FieldKind {
  return { kind: 'hex', shift };
}

/** Shown as `raw * times + plus`, with a unit where one is given. */
export function number(unit?: string, times = 1, plus = 0): FieldKind {
  return unit === undefined ? { kind: 'number', times, plus } : { kind: 'number', unit, times, plus };
}

/** Shown as `base << raw` with a unit. */
export function power2(base: number, unit: string): FieldKind {
  return { kind: 'power2', base, unit };
}

/** Names by number, as {@link values} takes them. */
type Names = Readonly<Record<number, string>> | readonly string[];

type NameIn<Given extends Names> = Given extends readonly string[]
  ? Given[number]
  : Extract<Given[keyof Given], string>;

/** Shown by name. A list names 0, 1, 2 … in order. */
export function values<const Given extends Names>(
  names: Given,
): { readonly kind: 'values'; readonly values: Readonly<Record<number, NameIn<Given>>> } {
  return { kind: 'values', values: { ...names } as Readonly<Record<number, NameIn<Given>>> };
}

/** A field whose type keeps what typed access needs: its name, what may be done to it, how it reads. */
export interface FieldOf<
  Name extends string,
  Kind extends Access,
  Show extends FieldKind = FieldKind,
> extends Field {
  readonly name: Name;
  readonly access: Kind;
  readonly show: Show;
}

/** A register whose type keeps its name, its width and its fields. */
export interface RegisterOf<
  Name extends string,
  Bytes extends Width,
  Fields extends readonly Field[],
> extends Register {
  readonly name: Name;
  readonly width: Bytes;
  readonly fields: Fields;
}

// `NoInfer`: what is left out is the default, whatever the place where the field stands would allow.

/** One bit. */
export function flag<const Name extends string, const Kind extends Access = 'ro'>(
  bit: number,
  name: Name,
  title: string,
  access: Kind = 'ro' as Kind,
): FieldOf<Name, NoInfer<Kind>, { readonly kind: 'flag' }> {
  return { name, title, low: bit, high: bit, access, show: { kind: 'flag' } };
}

/** A run of bits, `high` first as the specifications write it; a plain number unless `show` says otherwise. */
export function bits<
  const Name extends string,
  const Kind extends Access = 'ro',
  const Show extends FieldKind = { readonly kind: 'number' },
>(
  high: number,
  low: number,
  name: Name,
  title: string,
  access: Kind = 'ro' as Kind,
  show: Show = { kind: 'number' } as Show,
): FieldOf<Name, NoInfer<Kind>, NoInfer<Show>> {
  return { name, title, low, high, access, show };
}

/** The same field, marked as surviving a reset of the function. */
export function sticky<const Marked extends Field>(field: Marked): Marked {
  return { ...field, sticky: true };
}

/** A register with named fields. */
export function register<
  const Name extends string,
  const Bytes extends Width,
  const Fields extends readonly Field[],
>(
  offset: number,
  width: Bytes,
  name: Name,
  title: string,
  fields: Fields,
  when?: Register['when'],
): RegisterOf<Name, Bytes, Fields> {
  const made = { name, title, offset, width, fields };
  return when === undefined ? made : { ...made, when };
}

/** A register that is one number by itself. */
export function whole<
  const Name extends string,
  const Bytes extends Width,
  const Kind extends Access = 'ro',
  const Show extends FieldKind = FieldKind,
>(
  offset: number,
  width: Bytes,
  name: Name,
  title: string,
  access: Kind = 'ro' as Kind,
  show: Show = hex() as Show,
  when?: Register['when'],
): RegisterOf<Name, Bytes, readonly [FieldOf<'', NoInfer<Kind>, NoInfer<Show>>]> {
  return register(offset, width, name, title, [bits(width * 8 - 1, 0, '', title, access, show)], when);
}

/** A register that is one number by itself, with reserved bits below it (an aligned address). */
export function aligned<
  const Name extends string,
  const Bytes extends Width,
  const Kind extends Access = 'ro',
>(
  offset: number,
  width: Bytes,
  lowBit: number,
  name: Name,
  title: string,
  access: Kind = 'ro' as Kind,
  when?: Register['when'],
): RegisterOf<Name, Bytes, readonly [FieldOf<'', NoInfer<Kind>>]> {
  const field = bits(width * 8 - 1, lowBit, '', title, access, hex(lowBit));
  return register(offset, width, name, title, [field], when);
}

/** The same register `count` times, `stride` bytes apart. */
export function repeated<const Each extends Register>(
  each: Each,
  count: number,
  stride: number,
): Each & { readonly repeat: Repeat } {
  return { ...each, repeat: { count, stride } };
}

/** The same register as often as the bytes of its table tell, at most `most` times and at least `stride` bytes apart. */
export function placed<const Each extends Register>(
  each: Each,
  most: number,
  stride: number,
  place: (bytes: RegisterReader, index: number) => number | null | undefined,
): Each & { readonly repeat: Repeat } {
  return { ...each, repeat: { count: most, stride, place } };
}

/** The two bytes that every capability of the standard list starts with (PCI Local Bus 3.0, 6.7). */
export function capabilityList(): Register {
  return register(0, 2, 'list', 'Capability list entry', [
    bits(7, 0, 'id', 'Capability ID', 'ro', hex()),
    bits(15, 8, 'next', 'Next capability pointer', 'ro', hex()),
  ]);
}

/** The four bytes that every capability of the extended list starts with (PCI Express Base 6.0, 7.6.3). */
export function extendedCapability(): Register {
  return register(0, 4, 'list', 'Extended capability header', [
    bits(15, 0, 'id', 'Capability ID', 'ro', hex()),
    bits(19, 16, 'version', 'Capability version'),
    bits(31, 20, 'next', 'Next capability offset', 'ro', hex()),
  ]);
}
