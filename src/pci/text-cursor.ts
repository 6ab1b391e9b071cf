/** Reads a text from left to right and says where and why it stops: under all parsers of notations. */

const HEX_DIGIT = /[0-9a-fA-F]/;
const DECIMAL_DIGIT = /[0-9]/;

/** Makes the error of a notation; `position` counts characters from 0. */
export type CursorFault = (expected: string, position: number) => Error;

export class TextCursor {
  position = 0;
  readonly #text: string;
  readonly #fault: CursorFault;

  constructor(text: string, fault: CursorFault) {
    this.#text = text;
    this.#fault = fault;
  }

  /** @throws what the notation makes of it. */
  fail(expected: string, position = this.position): never {
    throw this.#fault(expected, position);
  }

  /** The next character, empty at the end. */
  get next(): string {
    return this.#text.charAt(this.position);
  }

  get atEnd(): boolean {
    return this.position === this.#text.length;
  }

  literal(expected: string): void {
    for (const char of expected) {
      if (this.next !== char) this.fail(`"${expected}"`);
      this.position++;
    }
  }

  /** Everything before the first of these characters, or before the end. */
  until(stops: string): string {
    const start = this.position;
    while (!this.atEnd && !stops.includes(this.next)) this.position++;
    return this.#text.slice(start, this.position);
  }

  hex(part: string, least: number, most: number): number {
    const start = this.position;
    while (this.position - start < most && HEX_DIGIT.test(this.next)) this.position++;
    if (this.position - start < least) this.fail(`a hexadecimal digit of the ${part}`);
    return Number.parseInt(this.#text.slice(start, this.position), 16);
  }

  /** Without leading zeros: the notations in decimal never pad, and `010` must not pass for an octal number. */
  decimal(part: string): number {
    const start = this.position;
    while (DECIMAL_DIGIT.test(this.next)) this.position++;
    if (this.position === start) this.fail(`a decimal digit of the ${part}`);
    if (this.position - start > 1 && this.#text.charAt(start) === '0') {
      this.fail(`the ${part} without leading zeros`, start);
    }
    return Number(this.#text.slice(start, this.position));
  }

  /** Exactly so many digits, zeros before the number among them. */
  paddedDecimal(part: string, digits: number): number {
    const start = this.position;
    for (let i = 0; i < digits; i++) {
      if (!DECIMAL_DIGIT.test(this.next)) this.fail(`${digits} decimal digits of the ${part}`);
      this.position++;
    }
    return Number(this.#text.slice(start, this.position));
  }

  end(): void {
    if (!this.atEnd) this.fail('the end of the text');
  }
}
