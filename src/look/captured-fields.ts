/** The fields of a captured function by their dotted names, as the register model decodes them. */
import type { CapturedFunction } from '../function/index.js';
import { bytesReader, decodedFields, decodeFunction, dottedName, placesOf, tables } from '../pci/index.js';
import type { DecodedField, DecodedFunction } from '../pci/index.js';

let names: ReadonlySet<string> | undefined;

/** Every field that a function can have: a name that is not among them is a slip of the pen, and never found. */
function knownNames(): ReadonlySet<string> {
  names ??= new Set(
    tables.flatMap((table) =>
      table.registers.flatMap((register) =>
        placesOf(register).flatMap(({ index }) =>
          register.fields.map((field) => dottedName(table, register, field, index)),
        ),
      ),
    ),
  );
  return names;
}

export class CapturedFields {
  readonly fn: CapturedFunction;
  readonly decoded: DecodedFunction;
  readonly #fields = new Map<string, DecodedField>();

  constructor(fn: CapturedFunction) {
    this.fn = fn;
    this.decoded = decodeFunction(bytesReader(fn.config));
    const registers = [
      ...this.decoded.header,
      ...this.decoded.capabilities.flatMap((each) => each.registers),
    ];
    // Of several capabilities with one id the first is meant, which is the one that drivers find.
    for (const field of decodedFields(registers))
      if (!this.#fields.has(field.name)) this.#fields.set(field.name, field);
  }

  /** By the name that another capture has for it. */
  find(name: string): DecodedField | undefined {
    return this.#fields.get(name);
  }

  /** Undefined where the function has no such field, or it could not be read. @throws {RangeError} no table has it. */
  field(name: string): DecodedField | undefined {
    const field = this.#fields.get(name);
    if (field === undefined && !knownNames().has(name)) throw new RangeError(`no table has a field ${name}`);
    return field;
  }

  /** The bits of a field of up to 53 bits. */
  raw(name: string): number | undefined {
    const raw = this.field(name)?.raw;
    return typeof raw === 'number' ? raw : undefined;
  }

  isSet(name: string): boolean {
    return this.raw(name) === 1;
  }

  /** All fields, in order of the header and of both lists. */
  all(): IterableIterator<DecodedField> {
    return this.#fields.values();
  }

  /** Whether a capability of either list is there, by its short name. */
  has(capability: string): boolean {
    return this.decoded.capabilities.some(({ name }) => name === capability);
  }
}
