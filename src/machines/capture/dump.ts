/** Dumps of configuration space as `lspci -x`, `-xxx` and `-xxxx` print them and `lspci -F` reads them. */
import type { Capture, CapturedFunction } from '../../function/index.js';
import { hexDigits, PciAddress } from '../../pci/index.js';
import { DumpMalformedError } from './errors.js';

const LARGEST_CONFIG = 4096;
/** Characters before the line feed: lspci refuses what is longer. */
const LONGEST_LINE = 253;
/** More digits than 8 are no offset. */
const OFFSET_DIGITS = 8;
const BYTES_PER_LINE = 16;

const [NEWLINE, RETURN, BLANK, POINT, COLON] = [0x0a, 0x0d, 0x20, 0x2e, 0x3a];

/** By character: the value of a hexadecimal digit, -1 for any other. */
const DIGIT = Int8Array.from({ length: 256 }, (_, code) =>
  /[0-9a-f]/i.test(String.fromCharCode(code)) ? parseInt(String.fromCharCode(code), 16) : -1,
);

/**
 * Reads a dump piece by piece, so that one of any length needs the memory of its functions alone. Lines that are neither
 * a function's address nor its bytes are passed over: the text between them is free.
 */
export class DumpParser {
  readonly #file: string;
  readonly #functions: CapturedFunction[] = [];
  /** Gaps stay all ones, as in lspci. */
  readonly #config = new Uint8Array(LARGEST_CONFIG).fill(0xff);
  /** Those of one line, before it is known to be whole. */
  readonly #bytes = new Uint8Array(BYTES_PER_LINE);
  /** Bytes up to the highest offset that was named. */
  #length = 0;
  #address: PciAddress | undefined;
  #line = 0;
  /** The beginning of a line whose end has not come. */
  readonly #rest = new Uint8Array(LONGEST_LINE + 1);
  #resting = 0;

  /** `file`: as errors name it. */
  constructor(file: string) {
    this.#file = file;
  }

  /** Takes the next bytes of the text. @throws {DumpMalformedError} */
  push(text: Uint8Array): void {
    let start = 0;
    for (;;) {
      if (this.#resting === 0 && this.#address !== undefined) {
        const next = this.#takeWholeLine(text, start);
        if (next > start) {
          start = next;
          continue;
        }
      }
      const end = text.indexOf(NEWLINE, start);
      const last = end < 0 ? text.length : end;
      if (this.#resting + last - start > LONGEST_LINE) {
        this.#line++;
        this.#refuse(`it has more than ${LONGEST_LINE} characters`);
      }
      if (end < 0 || this.#resting > 0) {
        this.#rest.set(text.subarray(start, last), this.#resting);
        this.#resting += last - start;
      }
      if (end < 0) return;
      this.#line++;
      if (this.#resting > 0) this.#take(this.#rest, 0, this.#resting);
      else this.#take(text, start, end);
      this.#resting = 0;
      start = end + 1;
    }
  }

  /** All functions, in order of address. @throws {DumpMalformedError} the last line has no end: the text was cut off. */
  end(): readonly CapturedFunction[] {
    if (this.#resting > 0) {
      this.#line++;
      this.#refuse('it has no line end, so the dump was cut off');
    }
    this.#close();
    return this.#functions.sort((a, b) => a.address.sbdf - b.address.sbdf);
  }

  #take(text: Uint8Array, start: number, lineEnd: number): void {
    const end = lineEnd > start && text[lineEnd - 1] === RETURN ? lineEnd - 1 : lineEnd;
    if (end === start) {
      this.#close();
      return;
    }
    if (this.#address !== undefined && this.#takeBytes(text, start, end)) return;
    const address = this.#addressAt(text, start, end);
    if (address === undefined) return;
    this.#close();
    this.#address = address;
  }

  /**
   * Takes a line of 16 bytes that is just as lspci writes it, in one pass: nearly all of a dump is such lines, and to read
   * them most of the work. Where the next one begins; the same place, and nothing is taken, if it is any other line.
   */
  #takeWholeLine(text: Uint8Array, start: number): number {
    let at = start;
    let offset = 0;
    for (let digit = 0; (digit = DIGIT[text[at] ?? 0] ?? -1) >= 0; at++) offset = offset * 16 + digit;
    const digits = at - start;
    const end = at + 1 + BYTES_PER_LINE * ' 00'.length;
    if (digits < 2 || digits > OFFSET_DIGITS || end >= text.length) return start;
    if (text[at] !== COLON || text[end] !== NEWLINE || offset + BYTES_PER_LINE > LARGEST_CONFIG) return start;
    const bytes = this.#bytes;
    // Negative as soon as one character is no digit, or no blank.
    let wrong = 0;
    for (let i = 0, from = at + 1; i < BYTES_PER_LINE; i++, from += 3) {
      const high = DIGIT[text[from + 1] ?? 0] ?? -1;
      const low = DIGIT[text[from + 2] ?? 0] ?? -1;
      wrong |= high | low | -((text[from] ?? 0) ^ BLANK);
      bytes[i] = (high << 4) | low;
    }
    if (wrong < 0) return start;
    const config = this.#config;
    for (let i = 0; i < BYTES_PER_LINE; i++) config[offset + i] = bytes[i] ?? 0;
    if (offset + BYTES_PER_LINE > this.#length) this.#length = offset + BYTES_PER_LINE;
    this.#line++;
    return end + 1;
  }

  /** Whether the line is an offset with its bytes: 2 to 8 digits, a colon, a blank. @throws {DumpMalformedError} */
  #takeBytes(text: Uint8Array, start: number, end: number): boolean {
    let at = start;
    let offset = 0;
    for (; at < end; at++) {
      const digit = DIGIT[text[at] ?? 0] ?? -1;
      if (digit < 0) break;
      offset = offset * 16 + digit;
    }
    const digits = at - start;
    if (digits < 2 || digits > OFFSET_DIGITS || text[at] !== COLON || text[at + 1] !== BLANK) return false;
    if (at + 1 >= end) return false;
    const config = this.#config;
    for (at += 2; at < end; at += 3) {
      const high = DIGIT[text[at] ?? 0] ?? -1;
      const low = at + 1 < end ? (DIGIT[text[at + 1] ?? 0] ?? -1) : -1;
      if (high < 0 || low < 0 || (at + 2 < end && text[at + 2] !== BLANK))
        this.#refuse('expected bytes of two hexadecimal digits with one blank between them');
      if (offset >= LARGEST_CONFIG) this.#refuse(`configuration space ends at ${LARGEST_CONFIG} bytes`);
      config[offset++] = high * 16 + low;
    }
    if (offset > this.#length && offset <= LARGEST_CONFIG) this.#length = offset;
    return true;
  }

  /** `BB:DD.F ` with 4 to 6 digits of a domain and a colon before it or without. @throws {DumpMalformedError} */
  #addressAt(text: Uint8Array, start: number, end: number): PciAddress | undefined {
    let at = start;
    let domain = 0;
    while (at < end && (DIGIT[text[at] ?? 0] ?? -1) >= 0)
      domain = domain * 16 + (DIGIT[text[at++] ?? 0] ?? 0);
    const digits = at - start;
    if (digits === 2) [domain, at] = [0, start];
    else if (digits < 4 || digits > 6 || text[at] !== COLON) return undefined;
    else at++;
    const bus = this.#two(text, at);
    const device = this.#two(text, at + 3);
    const fn = DIGIT[text[at + 6] ?? 0] ?? -1;
    if (at + 7 >= end || bus < 0 || device < 0 || fn < 0) return undefined;
    if (text[at + 2] !== COLON || text[at + 5] !== POINT || text[at + 7] !== BLANK) return undefined;
    if (domain > 0xffff) this.#refuse('its domain does not fit in 16 bits');
    if (device > 0x1f) this.#refuse('no bus has more than 32 devices (00 to 1f)');
    if (fn > 7) this.#refuse('no device has more than 8 functions (0 to 7)');
    return new PciAddress(domain, bus, device, fn);
  }

  /** A number of two digits; negative where they are none. */
  #two(text: Uint8Array, at: number): number {
    const [high = -1, low = -1] = [DIGIT[text[at] ?? 0], DIGIT[text[at + 1] ?? 0]];
    return high < 0 || low < 0 ? -1 : high * 16 + low;
  }

  #close(): void {
    if (this.#address === undefined) return;
    this.#functions.push(withConfigAlone(this.#address, this.#config.slice(0, this.#length)));
    this.#config.fill(0xff, 0, this.#length);
    this.#length = 0;
    this.#address = undefined;
  }

  #refuse(why: string): never {
    throw new DumpMalformedError(this.#file, this.#line, why);
  }
}

/** A function of which nothing else is known. */
export function withConfigAlone(address: PciAddress, config: Uint8Array): CapturedFunction {
  return {
    address,
    config,
    regions: undefined,
    driver: undefined,
    modules: [],
    interruptLine: undefined,
    numaNode: undefined,
    iommuGroup: undefined,
    label: undefined,
    physicalSlot: undefined,
    resetMethods: undefined,
    vpd: undefined,
    pool: undefined,
    unreadable: [],
  };
}

/** Reads a whole dump; `file` is how errors and the capture name it. @throws {DumpMalformedError} */
export function parseDump(text: string | Uint8Array, file = 'the dump'): Capture {
  const parser = new DumpParser(file);
  parser.push(typeof text === 'string' ? Buffer.from(text, 'utf8') : text);
  return { machine: file, taken: undefined, functions: parser.end() };
}

/** What stands behind a function's address: free text for whoever reads the dump. */
export type DescribeFunction = (fn: CapturedFunction) => string;

/** Class and ids in numbers, as `lspci -n` has them. */
const describeInNumbers: DescribeFunction = ({ config }) => {
  const number = (offset: number, bytes: number) => {
    let text = '';
    for (let i = bytes - 1; i >= 0; i--) text += hexDigits(config[offset + i] ?? 0xff, 2);
    return text;
  };
  const revision = config[0x08] ?? 0xff;
  const ids = `${number(0x0a, 2)}: ${number(0x00, 2)}:${number(0x02, 2)}`;
  return revision === 0 ? ids : `${ids} (rev ${hexDigits(revision, 2)})`;
};

/**
 * Writes all bytes that a capture has as a dump, which `lspci -F` and {@link parseDump} read back. Domains are named
 * where any is not 0.
 */
export function formatDump(capture: Capture, describe: DescribeFunction = describeInNumbers): string {
  const domains = capture.functions.some(({ address }) => address.domain !== 0);
  return capture.functions
    .map((fn) => {
      const address = domains ? String(fn.address) : String(fn.address).slice(5);
      // One line, and no longer than lspci reads.
      const title = `${address} ${describe(fn).replaceAll(/[^ -~]/g, '?')}`.slice(0, LONGEST_LINE);
      return `${title}\n${bytesOf(fn.config)}\n`;
    })
    .join('');
}

const LOWER_DIGITS = Buffer.from('0123456789abcdef');

/** Made in one piece: a text put together of single bytes costs more to join than to make. */
function bytesOf(config: Uint8Array): string {
  const rows = Math.ceil(config.length / BYTES_PER_LINE);
  const text = Buffer.alloc(rows * '000:'.length + rows + config.length * ' 00'.length);
  let at = 0;
  for (let offset = 0; offset < config.length; offset += BYTES_PER_LINE) {
    at += text.write(`${hexDigits(offset, 2)}:`, at, 'latin1');
    const end = Math.min(offset + BYTES_PER_LINE, config.length);
    for (let i = offset; i < end; i++) {
      const byte = config[i] ?? 0;
      text[at++] = BLANK;
      text[at++] = LOWER_DIGITS[byte >> 4] ?? 0;
      text[at++] = LOWER_DIGITS[byte & 0xf] ?? 0;
    }
    text[at++] = NEWLINE;
  }
  return text.toString('latin1', 0, at);
}
