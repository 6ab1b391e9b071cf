/** The registers of a function's configuration space, by the names of the tables that its header and capabilities have. */
import {
  allBits,
  bitsOf,
  capabilityNames,
  didYouMean,
  dottedName,
  extendedCapabilityNames,
  presentTables,
  registersThere,
  tableReader,
  tables,
  type ConfigReader,
  type PresentTable,
  type RegisterInTable,
  type Width,
} from '../../pci/index.js';
import { RegisterError, RegisterUnknownError } from './errors.js';
import { RegisterShape } from './register-shape.js';
import type { SelectedRegister } from './selected-register.js';

/** TABLE, TABLE@OFFSET or TABLE#NUMBER, then `.REGISTER`, `[NUMBER]` and `.FIELD`. */
const NAME =
  /^([a-z][a-z0-9_]*)(?:@(?:0x)?([0-9a-f]{1,3})|#(\d{1,3}))?(?:\.([a-z0-9_]+)(?:\[(\d{1,5})\])?(?:\.([a-z0-9_]+))?)?$/i;

const KNOWN: ReadonlySet<string> = new Set([
  ...tables.map(({ name }) => name),
  ...[...capabilityNames.values(), ...extendedCapabilityNames.values()].map(({ name }) => name),
]);

/** Whether a text begins with the name of a header or a capability, of whatever function. */
export function namesConfiguration(text: string): boolean {
  const [, name = ''] = /^([a-z0-9_]+)/i.exec(text) ?? [];
  return KNOWN.has(name.toLowerCase());
}

/** Bytes of configuration space that every function has, and PCI Express functions (PCI Express Base 6.0, 7.2). */
const CONVENTIONAL = 256;
const EXPRESS = 4096;

interface There extends PresentTable {
  readonly registers: readonly RegisterInTable[];
}

/** Read once, when it is made: which tables there are, and which of their registers. */
export class ConfigurationNames {
  readonly #tables: readonly There[];
  readonly #size: number;

  constructor(config: ConfigReader) {
    this.#size = config.size;
    this.#tables = presentTables(config).map((each) => ({
      ...each,
      registers: registersThere(each.table, tableReader(config, each.base)),
    }));
  }

  /** All names, as they can be typed: capabilities, their registers, and the fields of those. */
  names(): string[] {
    return this.#tables.flatMap((table) => [
      table.label,
      ...table.registers.flatMap(({ register, index }) => {
        const name = labelled(table, register, index);
        const fields = register.fields.filter((each) => each.name !== '');
        return [name, ...fields.map((each) => `${name}.${each.name}`)];
      }),
    ]);
  }

  /** Every register that a read tells anything of and does not change, in the order of header and capabilities. */
  harmless(): readonly SelectedRegister[] {
    return this.#tables
      .flatMap((table) => table.registers.map((each) => select(table, each)))
      .filter(({ shape }) => shape.isReadable && !shape.readClears);
  }

  /**
   * What a text may mean: a register, with its field where that is named, or all registers of a header or capability.
   * Several where the function has several such capabilities: whoever asks has to say which. Empty where it has none.
   * @throws {RegisterUnknownError | RegisterError} the function has no such capability, register, field or number.
   */
  find(text: string): readonly (readonly SelectedRegister[])[] {
    const [matched, name = '', offset, number, registerName, index, fieldName] = NAME.exec(text) ?? [];
    if (matched === undefined) return [];
    const named = this.#named(name);
    if (named.length === 0) return [];
    const chosen = this.#chosen(text, named, offset, number);
    if (registerName === undefined)
      return chosen.map((table) => table.registers.map((each) => select(table, each)));
    const wanted = index === undefined ? undefined : Number(index);
    const found = chosen.flatMap((table) => {
      const all = table.registers.filter(({ register }) => register.name === registerName.toLowerCase());
      return all.length === 0 ? [] : [{ table, all }];
    });
    if (found.length === 0) throw this.#unknownRegister(text, chosen, registerName);
    return found.map(({ table, all }) => [this.#selectOne(table, all, wanted, fieldName)]);
  }

  /**
   * Why the function has no register of this name, where the name is that of a capability which other functions have;
   * undefined where no function has it, or this one has the capability.
   */
  absence(text: string): RegisterError | undefined {
    const [, typed = ''] = NAME.exec(text) ?? [];
    const name = typed.toLowerCase();
    if (!KNOWN.has(name) || this.#named(name).length > 0) return undefined;
    const showing = 'what it has: openslot show ADDRESS';
    if (this.#tables.length === 0)
      return new RegisterError('REGISTER_ABSENT', text, 'no function answers: all bits read 1', showing);
    const { title = '' } = tables.find((table) => table.name === name) ?? {};
    if (!this.#isReadAsFarAs(name)) {
      const why = `only ${this.#size} bytes of its configuration space can be read, and no ${title} (${name}) is in them`;
      return new RegisterError('REGISTER_ABSENT', text, why, 'the same as root: sudo');
    }
    const has = this.#tables.map(({ label }) => label).join(', ');
    const why = `this function has no ${title} (${name}); it has ${has}`;
    return new RegisterError('REGISTER_ABSENT', text, why, didYouMean(text, this.names()) || showing);
  }

  /** Whether all of the space was readable in which the capability would stand. */
  #isReadAsFarAs(name: string): boolean {
    const isStandard = name === 'header' || [...capabilityNames.values()].some((each) => each.name === name);
    const needed = !isStandard && this.#named('pcie').length > 0 ? EXPRESS : CONVENTIONAL;
    return this.#size >= needed;
  }

  /**
   * What is known of the bits of a place that was given by number: which software sets (those that no table has, too),
   * and which a write does something else to.
   */
  bitsAt(offset: number, width: Width): { readonly settable: bigint; readonly clearing: bigint } {
    let settable = allBits(width);
    let clearing = 0n;
    for (const { table, base, registers } of this.#tables) {
      for (const { register, offset: at } of registers) {
        const shift = (base + at - offset) * 8;
        for (const field of register.fields) {
          if (field.access === 'rw' && table.window !== true) continue;
          const all = bitsOf(field);
          const bits = (shift < 0 ? all >> BigInt(-shift) : all << BigInt(shift)) & allBits(width);
          settable &= ~bits;
          if (field.access !== 'ro' && field.access !== 'rsvdp') clearing |= bits;
        }
      }
    }
    return { settable, clearing };
  }

  #named(name: string): readonly There[] {
    const wanted = name.toLowerCase();
    const byTable = this.#tables.filter(({ table }) => table.name === wanted);
    return byTable.length > 0 ? byTable : this.#tables.filter(({ capability }) => capability === wanted);
  }

  #chosen(
    text: string,
    named: readonly There[],
    offset: string | undefined,
    number: string | undefined,
  ): readonly There[] {
    const chosen =
      offset !== undefined
        ? named.filter(({ base }) => base === Number.parseInt(offset, 16))
        : number !== undefined
          ? named.slice(Number(number) - 1, Number(number))
          : named;
    if (chosen.length > 0 && number !== '0') return chosen;
    throw new RegisterUnknownError(
      text,
      placesIn(named),
      'capability',
      `it is ${placesIn(named).join(' or ')}`,
    );
  }

  #unknownRegister(
    text: string,
    chosen: readonly There[],
    register: string,
  ): RegisterUnknownError | RegisterError {
    for (const { table, label } of chosen)
      if (table.registers.some(({ name }) => name === register.toLowerCase()))
        return new RegisterError(
          'REGISTER_ABSENT',
          `${label}.${register}`,
          `this function has none: it is there for other versions, port types or options only (${table.source})`,
        );
    const known = this.names().filter((name) => name.includes('.'));
    return new RegisterUnknownError(
      text,
      known,
      'register',
      `those there are: openslot get ADDRESS ${chosen[0]?.label ?? ''}`,
    );
  }

  #selectOne(
    table: There,
    all: readonly RegisterInTable[],
    index: number | undefined,
    fieldName: string | undefined,
  ): SelectedRegister {
    const [first] = all;
    const one =
      first?.index === undefined && index === undefined ? first : all.find((each) => each.index === index);
    const name = `${table.label}.${first?.register.name ?? ''}`;
    if (one === undefined) {
      const why =
        first?.index === undefined
          ? 'there is only one of it'
          : `it has numbers 0 to ${all.length - 1}: write ${name}[0]`;
      throw new RegisterError('REGISTER_INDEX', name, why);
    }
    const whole = select(table, one);
    if (fieldName === undefined) return whole;
    const field = one.register.fields.find(
      (each) => each.name !== '' && each.name === fieldName.toLowerCase(),
    );
    if (field !== undefined) return { ...whole, field };
    const known = one.register.fields.flatMap((each) =>
      each.name === '' ? [] : [`${whole.name}.${each.name}`],
    );
    throw new RegisterUnknownError(`${whole.name}.${fieldName}`, known, 'field');
  }
}

function placesIn(named: readonly There[]): string[] {
  return named.map(({ table, base }) => `${table.name}@${base.toString(16)}`);
}

function labelled(
  { label }: Pick<PresentTable, 'label'>,
  register: RegisterInTable['register'],
  index: number | undefined,
): string {
  return dottedName({ name: label }, register, undefined, index);
}

function select(table: There, { register, index, offset }: RegisterInTable): SelectedRegister {
  const name = labelled(table, register, index);
  const shape = new RegisterShape(register, name, table.table);
  return { name, space: 'config', offset: table.base + offset, shape, field: undefined };
}
