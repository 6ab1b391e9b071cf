/** A register of a map over the accesses of its space: each use is as many accesses as it says, of its width. */
import type { RegisterAccess } from '../../function/index.js';
import {
  fieldValue,
  isExact,
  rawFieldValue,
  rawIn,
  type Field,
  type FieldValue,
  type Register,
} from '../../pci/index.js';
import { RegisterError, RegisterUnknownError } from './errors.js';
import type { RegisterShape } from './register-shape.js';
import { type RawField } from './register-shape.js';
import { refusingUnknown } from './unknown-names.js';

/** A register where it stands; its fields are properties of the class that {@link MappedRegister.classOf} makes. */
export class MappedRegister {
  readonly #access: RegisterAccess;
  readonly #shape: RegisterShape;
  readonly #offset: number;

  constructor(access: RegisterAccess, shape: RegisterShape, offset: number) {
    this.#access = access;
    this.#shape = shape;
    this.#offset = offset;
  }

  /** The class of the registers of one description: its fields are defined once, not for each number of an array. */
  static classOf(shape: RegisterShape): new (access: RegisterAccess, offset: number) => MappedRegister {
    const { register } = shape;
    const view = class extends MappedRegister {
      constructor(access: RegisterAccess, offset: number) {
        super(access, shape, offset);
      }
    };
    for (const field of register.fields) {
      if (field.name === '' || field.access === 'rsvdp' || field.access === 'rsvdz') continue;
      Object.defineProperty(view.prototype, field.name, {
        enumerable: true,
        get(this: MappedRegister) {
          shape.checkReadable(field);
          return fieldValue(field, rawIn(this.#read(), field));
        },
        set: MappedRegister.#setterOf(shape, field),
      });
    }
    return view;
  }

  /** What has to be kept beside a field is found once, and so is what stands in its way. */
  static #setterOf(shape: RegisterShape, field: Field): (this: MappedRegister, value: unknown) => void {
    let keep: bigint;
    try {
      shape.checkWritable(field);
      keep = shape.keptBits([field]);
    } catch {
      // Asked again, so that the error is of the place where the field is set.
      return () => {
        shape.checkWritable(field);
        shape.keptBits([field]);
      };
    }
    const kept = Number(BigInt.asUintN(32, keep));
    const { low } = field;
    if (shape.register.width === 8) {
      return function (value) {
        const bits = BigInt(rawOf(shape, field, value)) << BigInt(low);
        this.#write(keep === 0n ? bits : (BigInt(this.#read()) & keep) | bits);
      };
    }
    return function (value) {
      const bits = rawOf(shape, field, value) << low;
      this.#write((kept === 0 ? bits : (Number(this.#read()) & kept) | bits) >>> 0);
    };
  }

  get value(): number | bigint {
    this.#shape.checkReadable();
    return this.#read();
  }

  set value(value: number | bigint) {
    const { register, name, isWritable } = this.#shape;
    if (!isWritable) throw new RegisterError('REGISTER_READ_ONLY', name, 'it is read-only');
    this.#write(wholeNumber(register, name, value));
  }

  read(): Readonly<Record<string, FieldValue | bigint>> {
    this.#shape.checkReadable();
    const value = this.#read();
    const seen: Record<string, FieldValue | bigint> = { value };
    for (const field of this.#shape.register.fields) {
      if (field.name === '' || ['wo', 'rsvdp', 'rsvdz'].includes(field.access)) continue;
      seen[field.name] = fieldValue(field, rawIn(value, field));
    }
    return Object.freeze(seen);
  }

  set(fields: Readonly<Record<string, unknown>>): void {
    this.#compose('set', fields);
  }

  write(fields: Readonly<Record<string, unknown>>): void {
    this.#compose('write', fields);
  }

  static {
    Object.setPrototypeOf(
      MappedRegister.prototype,
      refusingUnknown((object) => {
        if (!(#shape in object)) return undefined;
        const { register, name } = object.#shape;
        const named = register.fields.filter((field) => field.name !== '').map((field) => field.name);
        return { names: [...named, 'value', 'read', 'set', 'write'], of: `field of ${name}` };
      }),
    );
  }

  /** What it is a register of, and where it stands; no access. */
  static describe(register: MappedRegister): { readonly shape: RegisterShape; readonly offset: number } {
    return { shape: register.#shape, offset: register.#offset };
  }

  #compose(how: 'set' | 'write', fields: Readonly<Record<string, unknown>>): void {
    const shape = this.#shape;
    const { keep, value } = shape.compose(how, rawFields(shape, fields));
    const whole = keep === 0n ? value : (BigInt(this.#read()) & keep) | value;
    this.#write(shape.register.width === 8 ? whole : Number(whole));
  }

  /** One access. */
  #read(): number | bigint {
    switch (this.#shape.register.width) {
      case 1:
        return this.#access.read8(this.#offset);
      case 2:
        return this.#access.read16(this.#offset);
      case 4:
        return this.#access.read32(this.#offset);
      case 8:
        return this.#access.read64(this.#offset);
    }
  }

  /** One access. */
  #write(value: number | bigint): void {
    if (typeof value === 'bigint') {
      this.#access.write64(this.#offset, value);
      return;
    }
    switch (this.#shape.register.width) {
      case 1:
        this.#access.write8(this.#offset, value);
        break;
      case 2:
        this.#access.write16(this.#offset, value);
        break;
      case 4:
      case 8:
        this.#access.write32(this.#offset, value);
        break;
    }
  }
}

/** @throws {RegisterError} the field has no such value. */
export function rawOf(shape: RegisterShape, field: Field, value: unknown): number {
  const raw = rawFieldValue(field, value);
  if (raw === undefined)
    throw new RegisterError('REGISTER_VALUE', shape.fieldName(field), refusedValue(field, value));
  shape.checkClearing(field, raw);
  return raw;
}

/** Fields by name with what they are to be. @throws {RegisterError | RegisterUnknownError} */
export function rawFields(shape: RegisterShape, fields: Readonly<Record<string, unknown>>): RawField[] {
  return Object.entries(fields).map(([name, value]) => {
    const field = shape.register.fields.find((each) => each.name === name);
    if (field === undefined) {
      const known = shape.register.fields.map((each) => each.name);
      throw new RegisterUnknownError(name, known, `field of ${shape.name}`);
    }
    shape.checkWritable(field);
    return { field, raw: rawOf(shape, field, value) };
  });
}

/** The number of a whole register, as its width carries it. @throws {RegisterError} */
export function wholeNumber(register: Register, name: string, value: unknown): number | bigint {
  const bits = register.width * 8;
  const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
  if (!isWhole || value < 0 || BigInt(value) >> BigInt(bits) !== 0n)
    throw new RegisterError('REGISTER_VALUE', name, `${shown(value)} is no number of ${bits} bits`);
  return register.width === 8 ? BigInt(value) : Number(value);
}

function refusedValue(field: Field, value: unknown): string {
  const { show, low, high } = field;
  const bits = high - low + 1;
  if (show.kind === 'flag') return `${shown(value)} is neither true nor false`;
  if (show.kind === 'values')
    return `${shown(value)} is none of its values (${Object.values(show.values).join(', ')})`;
  const largest = isExact(bits) ? fieldValue(field, 2 ** bits - 1) : `${bits} bits`;
  const smallest = fieldValue(field, 0);
  const steps = show.kind === 'power2' ? ', a power of two of them' : '';
  return `${shown(value)} does not fit: from ${String(smallest)} to ${String(largest)}${steps}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}
