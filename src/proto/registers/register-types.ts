/** What a register map says, as types: the properties of its registers, and what can be done to each. */
import type { Access, Field, Register, RegisterMap, Width } from '../../pci/index.js';

/** The number of a whole register. */
export type RegisterNumber<Bytes extends Width> = Bytes extends 8 ? bigint : number;

/** A flag is a boolean, a field of named values one of the names (a number where it has none), all others numbers. */
export type ValueOf<Of extends Field> = Of['show'] extends { readonly kind: 'flag' }
  ? boolean
  : Of['show'] extends { readonly kind: 'values'; readonly values: Readonly<Record<number, infer Name>> }
    ? Name | number
    : number;

/** Fields with a name and one of these accesses. */
type Named<Of extends Register, Kinds extends Access> = Extract<
  Exclude<Of['fields'][number], { readonly name: '' }>,
  { readonly access: Kinds }
>;

/** One read of a register: its number, and what it says of each field. */
export type Snapshot<Of extends Register> = { readonly value: RegisterNumber<Of['width']> } & {
  readonly [Each in Named<Of, 'ro' | 'rc' | 'rw' | 'w1c'> as Each['name']]: ValueOf<Each>;
};

/** Fields to be written. */
export type FieldValues<Of extends Register> = {
  readonly [Each in Named<Of, 'rw' | 'w1c' | 'wo'> as Each['name']]?: ValueOf<Each>;
};

interface WriteOnlyNumber<Of> {
  /** Throws: a read would say nothing. No number can be made of it (as could be of `never`). */
  get value(): undefined;
  /** One write. */
  set value(number: Of);
}

type WholeNumber<Of extends Register> = [Of['fields'][number]['access']] extends ['wo']
  ? WriteOnlyNumber<RegisterNumber<Of['width']>>
  : [Extract<Of['fields'][number]['access'], 'rw' | 'w1c' | 'wo'>] extends [never]
    ? {
        /** One read. */
        readonly value: RegisterNumber<Of['width']>;
      }
    : {
        /** One read or one write of the whole register. */
        value: RegisterNumber<Of['width']>;
      };

type Reading<Of extends Register> = [Of['fields'][number]['access']] extends ['wo']
  ? unknown
  : {
      /** One read, for a look at several fields. */
      read(): Snapshot<Of>;
    };

type Writing<Of extends Register> = [Named<Of, 'rw' | 'w1c' | 'wo'>] extends [never]
  ? unknown
  : {
      /**
       * Writes these fields and keeps the others: one read and one write, and only the write where nothing has to be
       * kept. Bits that a written 1 clears, and that are not named, are written 0.
       */
      set(fields: FieldValues<Of>): void;
      /** One write of the whole register, without a read: what is not named is 0. */
      write(fields: FieldValues<Of>): void;
    };

/** A register: each field a property (one read; written: one read and one write), and all of it as `value`. */
export type RegisterView<Of extends Register> = {
  readonly [Each in Named<Of, 'ro' | 'rc'> as Each['name']]: ValueOf<Each>;
} & {
  [Each in Named<Of, 'rw' | 'w1c'> as Each['name']]: ValueOf<Each>;
} & WholeNumber<Of> &
  Reading<Of> &
  Writing<Of>;

/** A repeated register. */
export interface RegisterArray<Each> extends Iterable<Each> {
  readonly length: number;
  /** @throws {RegisterError} there is no such number. */
  at(index: number): Each;
}

/** A register of a map that the program does not know beforehand. */
export interface AnyRegister {
  value: number | bigint;
  /** One read: `value`, and each field by its name. @throws {RegisterError} */
  read(): Readonly<Record<string, boolean | number | bigint | string>>;
  /** Writes these fields and keeps the others. @throws {RegisterError} */
  set(fields: Readonly<Record<string, unknown>>): void;
  /** One write, without a read: what is not named is 0. @throws {RegisterError} */
  write(fields: Readonly<Record<string, unknown>>): void;
}

/** The registers of a map, by name. */
export type Registers<Of extends RegisterMap> = string extends Of['registers'][number]['name']
  ? Readonly<Record<string, AnyRegister | RegisterArray<AnyRegister>>>
  : {
      readonly [Each in Of['registers'][number] as Each['name']]: Each extends { readonly repeat: object }
        ? RegisterArray<RegisterView<Each>>
        : RegisterView<Each>;
    };
