/** The lines of QEMU's qtest protocol (softmmu/qtest.c): commands made, and answers taken apart, in place. */

const NEWLINE = 0x0a;
const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const HIGH = 0x1_0000_0000;

/** One command, `readl 0xfe000000` and a line end, in bytes that are used again for the next one. */
export class CommandLine {
  readonly bytes = new Uint8Array(128);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  start(verb: string): void {
    this.#length = 0;
    for (let index = 0; index < verb.length; index++) this.#put(verb.charCodeAt(index));
  }

  /** @param value not negative, at most 53 bits. */
  number(value: number): void {
    this.#halves(Math.floor(value / HIGH), value >>> 0);
  }

  /** @param value of 64 bits. */
  wide(value: bigint): void {
    this.#halves(Number((value >> 32n) & 0xffff_ffffn), Number(value & 0xffff_ffffn));
  }

  end(): void {
    this.#put(NEWLINE);
  }

  /** For messages. */
  toString(): string {
    return String.fromCharCode(...this.bytes.subarray(0, this.#length)).trimEnd();
  }

  #halves(high: number, low: number): void {
    this.#put(0x20);
    this.#put(0x30);
    this.#put(0x78);
    if (high !== 0) this.#digits(high, 28);
    this.#digits(low, 28);
  }

  #digits(half: number, first: number): void {
    for (let shift = first; shift >= 0; shift -= 4) this.#put(DIGITS[(half >>> shift) & 15] ?? 0);
  }

  #put(byte: number): void {
    this.bytes[this.#length++] = byte;
  }
}

/** What a line of QEMU's is. */
export type AnswerKind = 'done' | 'refused' | 'raised' | 'lowered';

const REFUSED = /^(FAIL|ERR)/;
const LEVEL = /^IRQ (raise|lower) (\d+)$/;

/**
 * Takes bytes as they come and gives them back line by line. The value of the last answer is in {@link high} and
 * {@link low}, the number of the last interrupt in {@link line}.
 */
export class AnswerReader {
  #bytes = new Uint8Array(4096);
  /** Bytes that are there and not yet taken stand from #start to #end. */
  #start = 0;
  #end = 0;
  high = 0;
  low = 0;
  line = 0;
  /** The line itself, of one that is no plain answer. */
  text = '';

  /** Room for the bytes that come next, to be told of with {@link filled}. */
  space(): Uint8Array {
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
      return this.#bytes;
    }
    this.#bytes.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    if (this.#end === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#end);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return this.#bytes.subarray(this.#end);
  }

  filled(bytes: number): void {
    this.#end += bytes;
  }

  /** The next whole line; undefined while there is none. */
  next(): AnswerKind | undefined {
    const from = this.#start;
    const newline = this.#bytes.indexOf(NEWLINE, from);
    if (newline < 0 || newline >= this.#end) return undefined;
    this.#start = newline + 1;
    // "OK", or "OK 0x" and digits.
    if (this.#bytes[from] === 0x4f && this.#bytes[from + 1] === 0x4b) {
      this.#value(from + 5, newline);
      return 'done';
    }
    this.text = String.fromCharCode(...this.#bytes.subarray(from, newline));
    const [, level, line] = LEVEL.exec(this.text) ?? [];
    if (level === undefined || REFUSED.test(this.text)) return 'refused';
    this.line = Number(line);
    return level === 'raise' ? 'raised' : 'lowered';
  }

  #value(from: number, end: number): void {
    this.high = 0;
    this.low = 0;
    for (let at = from; at < end; at++) {
      const byte = this.#bytes[at] ?? 0;
      const digit = byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
      this.high = ((this.high << 4) | (this.low >>> 28)) >>> 0;
      this.low = ((this.low << 4) | (digit & 15)) >>> 0;
    }
  }
}
