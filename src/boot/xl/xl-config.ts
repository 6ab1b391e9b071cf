/** An xl.cfg as libxlu reads it: settings, each with its value and its place in the text. */
import { tokensOf, XlConfigError, type TextPosition, type Token } from './xl-config-tokens.js';

export { XlConfigError, type TextPosition } from './xl-config-tokens.js';

interface Placed {
  readonly at: TextPosition;
  /** Offset behind it. */
  readonly end: number;
}

/** A string without its quotes, or a number as it is written: libxlu does not tell one from the other. */
export interface XlText extends Placed {
  readonly kind: 'text';
  readonly text: string;
}

export interface XlList extends Placed {
  readonly kind: 'list';
  readonly items: readonly XlValue[];
}

export type XlValue = XlText | XlList;

/** One assignment, as it is written. */
export interface XlSetting extends Placed {
  readonly name: string;
  readonly operator: '=' | '+=';
  readonly value: XlValue;
}

/** Lists in lists; no setting of xl has more than two. */
const DEEPEST = 64;

/** Numbers as strtol reads them with base 0. */
const NUMBER = /^\s*([+-]?)(?:0x([0-9a-f]+)|(0[0-7]*)|([1-9]\d*))$/i;

/** Made by {@link XlConfig.parse}; what xl does with each setting is for who asks. */
export class XlConfig {
  /** The file's name, for errors. */
  readonly source: string;
  /** In the order of the text. */
  readonly settings: readonly XlSetting[];
  /** What counts: the last assignment, with what `+=` added to it. */
  readonly #values = new Map<string, XlValue>();

  private constructor(source: string, settings: readonly XlSetting[]) {
    this.source = source;
    this.settings = settings;
    const grown = new Map<string, XlValue[]>();
    for (const setting of settings) this.#values.set(setting.name, this.#valueAfter(setting, grown));
  }

  /**
   * The grammar of libxlu: `name = value` or `name += value`, separated by line ends or `;`; a value is a string in either
   * quotes, a number, or a list of values in brackets, which may go over lines and end with a comma. `#` begins a
   * comment. Refused besides what libxlu refuses: characters by number in strings, and a stray character at the very
   * end, both of which it loses.
   * @throws {XlConfigError}
   */
  static parse(text: string, source: string): XlConfig {
    return new XlConfig(source, new Reader(text, source).file());
  }

  /** What a setting comes to; undefined where there is none. */
  get(name: string): XlValue | undefined {
    return this.#values.get(name);
  }

  /** @throws {XlConfigError} it is a list. */
  text(name: string): XlText | undefined {
    const value = this.#values.get(name);
    if (value?.kind === 'list') throw this.fault(value, `${name} is a list, and must be one value`);
    return value;
  }

  /** @throws {XlConfigError} it is no whole number. */
  number(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const [, sign = '', hex, octal, decimal] = NUMBER.exec(value.text) ?? [];
    const magnitude =
      hex !== undefined ? parseInt(hex, 16) : octal !== undefined ? parseInt(octal, 8) : Number(decimal);
    if (!Number.isSafeInteger(magnitude))
      throw this.fault(value, `${name} must be a number, and is ${JSON.stringify(value.text)}`);
    return sign === '-' ? -magnitude : magnitude;
  }

  /** @throws {XlConfigError} it is not a list, or one with lists in it. */
  texts(name: string): readonly XlText[] | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    if (value.kind === 'text') throw this.fault(value, `${name} must be a list: ${name} = [ ... ]`);
    return value.items.map((item) => {
      if (item.kind === 'list') throw this.fault(item, `a list inside of ${name}`);
      return item;
    });
  }

  /** What is wrong with something that the file says. */
  fault({ at }: Placed, why: string, options?: ErrorOptions): XlConfigError {
    return new XlConfigError(this.source, at, why, options);
  }

  /** `grown`: lists that something was added to already, so that each addition costs what it adds. */
  #valueAfter({ name, operator, value }: XlSetting, grown: Map<string, XlValue[]>): XlValue {
    const before = operator === '=' ? undefined : this.#values.get(name);
    if (before === undefined) {
      grown.delete(name);
      return value;
    }
    if (before.kind === 'list' && value.kind === 'list') {
      const items = grown.get(name) ?? [...before.items];
      for (const item of value.items) items.push(item);
      grown.set(name, items);
      return { ...value, items };
    }
    if (before.kind === 'text' && value.kind === 'text') return { ...value, text: before.text + value.text };
    throw this.fault(
      value,
      `${name} is a ${before.kind === 'list' ? 'list' : 'single value'} above: += takes the same kind`,
    );
  }
}

class Reader {
  readonly #source: string;
  /** One at a time: of two faults the first is told. */
  readonly #tokens: Iterator<Token, Token>;
  #token: Token;

  constructor(text: string, source: string) {
    this.#source = source;
    this.#tokens = tokensOf(text, source);
    this.#token = this.#tokens.next().value;
  }

  file(): readonly XlSetting[] {
    const settings: XlSetting[] = [];
    for (;;) {
      while (this.#takes('line end') || this.#takes(';'));
      if (this.#stands('end')) return settings;
      settings.push(this.#setting());
      if (!this.#stands('end') && !this.#takes('line end') && !this.#takes(';'))
        this.#expected('a line end or ";" behind the value');
    }
  }

  #setting(): XlSetting {
    const { text: name, at } = this.#take(['name'], 'the name of a setting');
    const { kind: operator } = this.#take(['=', '+='], '"=" or "+="');
    const value = this.#value(0);
    return { name, operator: operator === '+=' ? '+=' : '=', value, at, end: value.end };
  }

  #value(depth: number): XlValue {
    const { kind, text, at, end } = this.#take(
      ['string', 'number', '['],
      'a text in quotes, a number or "["',
    );
    return kind === '[' ? this.#list(at, depth + 1) : { kind: 'text', text, at, end };
  }

  #list(at: TextPosition, depth: number): XlList {
    if (depth > DEEPEST) throw new XlConfigError(this.#source, at, `more than ${DEEPEST} lists in lists`);
    const items: XlValue[] = [];
    for (;;) {
      while (this.#takes('line end'));
      if (this.#stands(']')) break;
      items.push(this.#value(depth));
      while (this.#takes('line end'));
      if (!this.#takes(',')) break;
    }
    const { end } = this.#take([']'], items.length === 0 ? 'a value or "]"' : '"," or "]"');
    return { kind: 'list', items, at, end };
  }

  #stands(kind: Token['kind']): boolean {
    return this.#token.kind === kind;
  }

  #takes(kind: Token['kind']): boolean {
    if (!this.#stands(kind)) return false;
    this.#token = this.#tokens.next().value;
    return true;
  }

  #take(kinds: readonly Token['kind'][], expected: string): Token {
    const token = this.#token;
    if (!kinds.includes(token.kind)) this.#expected(expected);
    this.#token = this.#tokens.next().value;
    return token;
  }

  #expected(expected: string): never {
    const { kind, text, at } = this.#token;
    const found =
      kind === 'end'
        ? 'the end of the file'
        : kind === 'line end'
          ? 'the end of the line'
          : JSON.stringify(text);
    throw new XlConfigError(this.#source, at, `expected ${expected}, and not ${found}`);
  }
}
