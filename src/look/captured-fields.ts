/** The fields of a captured function by their dotted names, as the register model decodes them. */
import type { CapturedFunction } from '../function/index.js';
import { bytesReader, decodedFields, decodeFunction } from '../pci/index.js';
import type { DecodedField, DecodedFunction } from '../pci/index.js';

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

  /** Undefined where the function has no such field, or it could not be read. */
  field(name: string): DecodedField | undefined {
    return this.#fields.get(name);
  }

  /** The bits of a field of up to 53 bits. */
  raw(name: string): number | undefined {
    const raw = this.#fields.get(name)?.raw;
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
