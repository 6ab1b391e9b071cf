/** The options that a machine description gives a device, checked one by one; what nobody asked for is refused. */
import { MachineDescriptionError } from '../errors.js';

/** Characters of a value in a refusal. */
const LONGEST_SHOWN = 100;

/** What a description gives: values of JSON, or of a program. */
export type GivenOptions = Readonly<Record<string, unknown>>;

/** Reads the options of one device kind. Each getter gives `otherwise` where the option is absent. */
export class OptionReader {
  readonly #kind: string;
  readonly #given: GivenOptions;

  /** @throws {MachineDescriptionError} an option that is not among `known`. */
  constructor(kind: string, given: GivenOptions, known: readonly string[]) {
    this.#kind = kind;
    this.#given = given;
    for (const name of Object.keys(given)) {
      if (known.includes(name)) continue;
      const has = known.length === 0 ? 'this kind has none' : `this kind has ${known.join(', ')}`;
      throw this.refusal(name, `is not an option: ${has}`);
    }
  }

  /** The value as it was given, undefined where it is absent. JSON's null is a value, and no getter takes it. */
  raw(name: string): unknown {
    return this.#given[name];
  }

  /** A whole number of a range; both ends belong to it. @throws {MachineDescriptionError} */
  integer(name: string, low: number, high: number, otherwise: number): number {
    const value = this.#or(name, otherwise);
    if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value;
    throw this.refusal(name, `${shown(value)} is not a whole number from ${low} to ${high}`);
  }

  /** 64 bits: a number, a bigint, or the text of one (`"0xffffffffffffffff"`), since JSON has no more than 53 bits. */
  unsigned64(name: string, otherwise: bigint): bigint {
    const value = this.#or(name, otherwise);
    const number = toBigint(value);
    if (number !== undefined && number === BigInt.asUintN(64, number)) return number;
    throw this.refusal(name, `${shown(value)} is not a number of 64 bits; write it as 0x…`);
  }

  /** One of a few values. @throws {MachineDescriptionError} */
  choice<Value extends number | string>(name: string, choices: readonly Value[], otherwise: Value): Value {
    const value = this.#or(name, otherwise);
    const choice = choices.find((one) => one === value);
    if (choice === undefined) throw this.refusal(name, `${shown(value)} is not one of ${choices.join(', ')}`);
    return choice;
  }

  /** Printable ASCII of at most `longest` characters, as fixed fields of a device hold it. */
  ascii(name: string, longest: number, otherwise: string): string {
    const value = this.#or(name, otherwise);
    if (typeof value === 'string' && value.length <= longest && /^[\x20-\x7e]+$/.test(value)) return value;
    throw this.refusal(name, `${shown(value)} is not 1 to ${longest} characters of printable ASCII`);
  }

  #or(name: string, otherwise: unknown): unknown {
    const value = this.#given[name];
    return value === undefined ? otherwise : value;
  }

  refusal(name: string, why: string): MachineDescriptionError {
    return new MachineDescriptionError(`device ${this.#kind}, option ${name}`, why);
  }
}

/** For kinds that have none. @throws {MachineDescriptionError} there is one nevertheless. */
export function noOptions(kind: string, given: GivenOptions): undefined {
  new OptionReader(kind, given, []);
  return undefined;
}

function toBigint(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value === 'string')
    return /^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(value) ? BigInt(value) : undefined;
  return undefined;
}

/** As JSON where it has such a form; programs give values that have none. */
function shown(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    return 'what has no text';
  }
  text ??= String(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
