/** The fields of a captured function by their dotted names, as the register model decodes them. */
import type { CapturedFunction } from '../function/index.js';
import {
  bytesReader,
  className,
  decodedFields,
  decodeFunction,
  decodeRegister,
  dottedName,
  Header,
  headerTable,
  isReadable,
  placesOf,
  presentTables,
  tableReader,
  tables,
} from '../pci/index.js';
import type {
  ConfigReader,
  DecodedField,
  DecodedFunction,
  PresentTable,
  Register,
  RegisterTable,
} from '../pci/index.js';

/** A register that has a field, and which of its repetitions. */
interface NamedRegister {
  readonly register: Register;
  readonly index: number | undefined;
}

const registersByField = new Map<RegisterTable, ReadonlyMap<string, NamedRegister[]>>();

/** The registers of a table by the names of their fields; variants of one register share names. */
function fieldsOf(table: RegisterTable): ReadonlyMap<string, readonly NamedRegister[]> {
  const known = registersByField.get(table);
  if (known !== undefined) return known;
  const named = new Map<string, NamedRegister[]>();
  for (const register of table.registers)
    for (const { index } of placesOf(register))
      for (const field of register.fields) {
        const name = dottedName(table, register, field, index);
        const others = named.get(name);
        if (others === undefined) named.set(name, [{ register, index }]);
        else others.push({ register, index });
      }
  registersByField.set(table, named);
  return named;
}

/** Whether any function can have it: a name that none has is a slip of the pen, and never found. */
function isKnown(name: string): boolean {
  return tables.some((table) => fieldsOf(table).has(name));
}

type Place = Pick<PresentTable, 'table' | 'base'>;

/**
 * A field that is asked for is decoded alone, and nothing of it is kept: machines may have ten thousand functions, and
 * captures come from anywhere.
 */
export class CapturedFields {
  readonly fn: CapturedFunction;
  readonly #reader: ConfigReader;
  #decoded: DecodedFunction | undefined;
  #findings: DecodedFunction['findings'] | undefined;
  #named: ReadonlyMap<string, DecodedField> | undefined;
  #header: Place | undefined;
  /** The first of each name, which is the one that drivers find. */
  #capabilities: ReadonlyMap<string, Place> | undefined;
  #names: ReadonlySet<string> | undefined;

  constructor(fn: CapturedFunction) {
    this.fn = fn;
    this.#reader = bytesReader(fn.config);
  }

  /** All of the function; kept as long as this is. */
  get decoded(): DecodedFunction {
    return (this.#decoded ??= decodeFunction(this.#reader));
  }

  /** What is broken. */
  get findings(): DecodedFunction['findings'] {
    return (this.#findings ??= (this.#decoded ?? decodeFunction(this.#reader)).findings);
  }

  /** In words; undefined where no function answers, or its class could not be read. */
  get class(): string | undefined {
    if (this.#isAbsent || !isReadable(this.#reader, CLASS, 4)) return undefined;
    return className(this.#reader.read(CLASS, 4) >>> 8);
  }

  /** By the name that another capture has for it. */
  find(name: string): DecodedField | undefined {
    return this.#all.get(name);
  }

  /** Undefined where the function has no such field, or it could not be read. @throws {RangeError} no table has it. */
  field(name: string): DecodedField | undefined {
    const place = this.#tableOf(name.slice(0, name.indexOf('.')));
    const field = place === undefined ? undefined : this.#fieldIn(place, name);
    if (field === undefined && !isKnown(name)) throw new RangeError(`no table has a field ${name}`);
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
    return this.#all.values();
  }

  /** Whether a capability of either list, of which there are tables, is there, by its short name. */
  has(capability: string): boolean {
    this.#findCapabilities();
    return this.#names?.has(capability) ?? false;
  }

  get #isAbsent(): boolean {
    return isReadable(this.#reader, 0, 4) && this.#reader.read(0, 4) >>> 0 === 0xffff_ffff;
  }

  get #all(): ReadonlyMap<string, DecodedField> {
    if (this.#named !== undefined) return this.#named;
    const { header, capabilities } = this.decoded;
    const named = new Map<string, DecodedField>();
    for (const field of decodedFields([...header, ...capabilities.flatMap(({ registers }) => registers)]))
      if (!named.has(field.name)) named.set(field.name, field);
    return (this.#named = named);
  }

  #tableOf(name: string): Place | undefined {
    if (name !== 'header') return this.#findCapabilities().get(name);
    if (this.#isAbsent) return undefined;
    const type = isReadable(this.#reader, Header.type, 1) ? this.#reader.read(Header.type, 1) : NO_LAYOUT;
    return (this.#header ??= { table: headerTable(type), base: 0 });
  }

  #findCapabilities(): ReadonlyMap<string, Place> {
    if (this.#capabilities !== undefined) return this.#capabilities;
    const first = new Map<string, Place>();
    const names = new Set<string>();
    for (const { table, base, capability } of presentTables(this.#reader)) {
      names.add(capability);
      if (!first.has(table.name)) first.set(table.name, { table, base });
    }
    this.#names = names;
    return (this.#capabilities = first);
  }

  #fieldIn({ table, base }: Place, name: string): DecodedField | undefined {
    const bytes = tableReader(this.#reader, base);
    for (const { register, index } of fieldsOf(table).get(name) ?? []) {
      if (register.when?.(bytes) === false) continue;
      const place = placesOf(register, bytes).find((each) => each.index === index);
      if (place === undefined) continue;
      const decoded = decodeRegister(
        dottedName(table, register, undefined, index),
        register,
        this.#reader,
        base + place.offset,
      );
      if (decoded.readable) return decoded.fields.find((field) => field.name === name);
    }
    return undefined;
  }
}

const CLASS = 0x08;
/** No layout, so that what all layouts share is taken where the type cannot be read. */
const NO_LAYOUT = 0x7f;
