/** Builders that make the entries of register tables short to write and to read. */
import type { Access, Field, FieldKind, Register, Width } from './registers.js';

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

/** Shown by name. A list names 0, 1, 2 … in order. */
export function values(names: Readonly<Record<number, string>> | readonly string[]): FieldKind {
  return { kind: 'values', values: { ...names } };
}

/** One bit. */
export function flag(bit: number, name: string, title: string, access: Access = 'ro'): Field {
  return { name, title, low: bit, high: bit, access, show: { kind: 'flag' } };
}

/** A run of bits, `high` first as the specifications write it; a plain number unless `show` says otherwise. */
export function bits(
  high: number,
  low: number,
  name: string,
  title: string,
  access: Access = 'ro',
  show: FieldKind = { kind: 'number' },
): Field {
  return { name, title, low, high, access, show };
}

/** The same field, marked as surviving a reset of the function. */
export function sticky(field: Field): Field {
  return { ...field, sticky: true };
}

/** A register with named fields. */
export function register(
  offset: number,
  width: Width,
  name: string,
  title: string,
  fields: readonly Field[],
  when?: Register['when'],
): Register {
  const made = { name, title, offset, width, fields };
  return when === undefined ? made : { ...made, when };
}

/** A register that is one number by itself. */
export function whole(
  offset: number,
  width: Width,
  name: string,
  title: string,
  access: Access = 'ro',
  show: FieldKind = hex(),
  when?: Register['when'],
): Register {
  return register(offset, width, name, title, [bits(width * 8 - 1, 0, '', title, access, show)], when);
}

/** A register that is one number by itself, with reserved bits below it (an aligned address). */
export function aligned(
  offset: number,
  width: Width,
  lowBit: number,
  name: string,
  title: string,
  access: Access = 'ro',
  when?: Register['when'],
): Register {
  const field = bits(width * 8 - 1, lowBit, '', title, access, hex(lowBit));
  return register(offset, width, name, title, [field], when);
}

/** An address of 64 bits, aligned above `lowBit`, that software sets: a field holds no 64 bits exactly, so it has two. */
export function halves(lowBit = 0): readonly Field[] {
  return [
    bits(31, lowBit, 'low', 'Low half', 'rw', hex(lowBit)),
    bits(63, 32, 'high', 'High half', 'rw', hex()),
  ];
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
