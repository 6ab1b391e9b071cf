/** What can be done to a register, derived once from its description: which bits a write keeps, and what is refused. */
import {
  allBits,
  bitsOf,
  hexNumber,
  type Field,
  type Register,
  type RegisterTable,
} from '../../pci/index.js';
import { RegisterError } from './errors.js';

/** One write: bits that stay as a read finds them, and the others. 0n to keep: nothing has to be read. */
export interface ComposedWrite {
  readonly keep: bigint;
  readonly value: bigint;
}

/** A field with its raw number. */
export interface RawField {
  readonly field: Field;
  readonly raw: number;
}

/** What a {@link Register} of a map allows: whoever reads or writes it asks here first. */
export class RegisterShape {
  readonly register: Register;
  /** Dotted. */
  readonly name: string;
  /** A read says something: not all of it is write-only. */
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  /** A read changes the register: bits that it clears, and what was waiting there is gone. */
  readonly readClears: boolean;
  /** The table that the register is of, in configuration space; undefined for a device's own registers. */
  readonly configuration: RegisterTable | undefined;
  readonly #reserved: bigint;

  constructor(register: Register, name: string, configuration?: RegisterTable) {
    this.register = register;
    this.name = name;
    this.configuration = configuration;
    const { fields, width } = register;
    this.isReadable = fields.some(({ access }) => access !== 'wo');
    this.isWritable = fields.some(isWritable);
    this.readClears = fields.some(({ access }) => access === 'rc');
    // Bits that nobody names are reserved, and kept (PCI Express Base 6.0, 7.4: RsvdP).
    this.#reserved = fields.reduce((rest, field) => rest & ~bitsOf(field), allBits(width));
  }

  /** The named field, or any of the register. @throws {RegisterError} */
  checkWritable(field?: Field): void {
    if (field === undefined ? this.isWritable : isWritable(field)) return;
    if (field === undefined) {
      const [{ access } = { access: 'rsvdp' as const }] = this.register.fields;
      throw new RegisterError('REGISTER_READ_ONLY', this.name, this.refusal({ access }));
    }
    throw new RegisterError('REGISTER_READ_ONLY', this.fieldName(field), this.refusal(field));
  }

  /** Why a field that software does not set is not written: its kind of access, and who says so. */
  refusal({ access }: Pick<Field, 'access'>): string {
    const { configuration } = this;
    const facts = configuration === undefined ? access : `${access}; ${configuration.source}`;
    if (access !== 'ro' && access !== 'rc') return `it is reserved (${facts})`;
    return `it is read-only${configuration === undefined ? '' : ', set by the hardware or its firmware'} (${facts})`;
  }

  /** @throws {RegisterError} */
  checkReadable(field?: Field): void {
    if (field === undefined ? this.isReadable : field.access !== 'wo') return;
    const name = field === undefined ? this.name : this.fieldName(field);
    throw new RegisterError('REGISTER_WRITE_ONLY', name, 'it is write-only: a read would say nothing of it');
  }

  /**
   * Bits that a write of these fields keeps: the other fields that software sets, and what is reserved. Other bits that
   * a written 1 clears are written 0. @throws {RegisterError} what has to be kept cannot be read, or not harmlessly.
   */
  keptBits(written: readonly Field[]): bigint {
    let needed = this.#reserved;
    let readOnly = 0n;
    for (const field of this.register.fields) {
      if (written.includes(field)) continue;
      // What configuration space does not let read is a command: a 0 gives none (PCI Express Base 6.0, 7.5.3.7).
      if (field.access === 'wo' && this.configuration === undefined) {
        const why = `it cannot be read, so that this write would set it to 0`;
        const next = 'name it as well, or write the whole register at once';
        throw new RegisterError('REGISTER_WRITE_ONLY', this.fieldName(field), why, next);
      }
      if (field.access === 'rw' || field.access === 'rsvdp') needed |= bitsOf(field);
      if (field.access === 'ro') readOnly |= bitsOf(field);
    }
    if (needed === 0n) return 0n;
    if (this.readClears) {
      const why = 'its other bits would have to be read first, and reading clears some of them';
      throw new RegisterError('REGISTER_READ_CLEARS', this.name, why);
    }
    // Read-only bits are written back as they were: least is changed where a description is wrong.
    return needed | readOnly;
  }

  /**
   * A write of some fields. `set` keeps all others; `write` is of the whole register, and what is not named is 0.
   * @throws {RegisterError}
   */
  compose(how: 'set' | 'write', given: readonly RawField[]): ComposedWrite {
    let value = 0n;
    for (const { field, raw } of given) {
      this.checkWritable(field);
      this.checkClearing(field, raw);
      value |= BigInt(raw) << BigInt(field.low);
    }
    const keep = how === 'write' ? 0n : this.keptBits(given.map(({ field }) => field));
    return { keep, value };
  }

  /** A flag that a written 1 clears cannot be set to 0 by writing that: nothing would happen. @throws {RegisterError} */
  checkClearing(field: Field, raw: number): void {
    if (raw !== 0 || field.access !== 'w1c' || field.show.kind !== 'flag') return;
    const why = 'a written 1 clears it, and a 0 does nothing';
    throw new RegisterError('REGISTER_VALUE', this.fieldName(field), why, 'write 1 to clear it');
  }

  /**
   * All of the register is to be `value`, and it is `before`: what software does not set must be as it is.
   * @throws {RegisterError} the first field, or the reserved bits, that would differ.
   */
  checkWhole(before: bigint, value: bigint): void {
    const differing = before ^ value;
    for (const field of this.register.fields)
      if (!isWritable(field) && (differing & bitsOf(field)) !== 0n) this.checkWritable(field);
    const reserved = differing & this.#reserved;
    if (reserved === 0n) return;
    const bits = hexNumber(reserved, this.register.width * 2);
    const why = `bits ${bits} of it: ${this.refusal({ access: 'rsvdp' })}`;
    throw new RegisterError(
      'REGISTER_READ_ONLY',
      this.name,
      why,
      'leave them as they are, or set a field by its name',
    );
  }

  fieldName({ name }: Field): string {
    return name === '' ? this.name : `${this.name}.${name}`;
  }
}

function isWritable({ access }: Field): boolean {
  return access === 'rw' || access === 'w1c' || access === 'wo';
}
