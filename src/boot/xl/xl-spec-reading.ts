/** A PCI_SPEC_STRING as xl itself reads it (libxlu_pci.c of Xen 4.17), with all that slips through. Never fails. */

/** What xl makes of a specification that it takes. */
export interface XlSpecReading {
  /** As sysfs writes it; undefined where the function is named. `all`: the functions of the device. */
  readonly address: string | undefined;
  readonly all: boolean;
  readonly name: string | undefined;
  /** 0: xl takes the first that is free. */
  readonly virtualSlot: number;
  /** By xl's names; what is absent keeps the default of the file. */
  readonly flags: ReadonlyMap<string, boolean>;
  readonly relaxed: boolean | undefined;
}

export const XL_SPEC_FLAGS: readonly string[] = ['permissive', 'msitranslate', 'seize', 'power_mgmt'];

/** Something that xl does not read as it looks, or why it refuses the whole; codes are those of the lint. */
export interface SpecRemark {
  readonly rule: SpecRemarkCode;
  /** Characters of the specification. */
  readonly start: number;
  readonly end: number;
}

export type SpecRemarkCode =
  | 'ADDRESS_MALFORMED'
  | 'SLOT_MALFORMED'
  | 'OPTION_BARE'
  | 'OPTION_UNKNOWN'
  | 'POLICY_UNKNOWN'
  | 'TARGET_MISSING'
  | 'TARGET_TWICE'
  | 'FLAG_NOT_NUMBER'
  | 'FLAG_ODD_NUMBER'
  | 'VALUE_CUT'
  | 'NUMBER_LOOSE'
  | 'OPTION_AGAIN'
  | 'SLOT_AUTOMATIC';

/** What xl makes of a specification, and what it passes over. */
export interface SpecAsRead {
  /** Undefined: xl refuses it. */
  readonly reading: XlSpecReading | undefined;
  readonly remarks: readonly SpecRemark[];
}

/** `%x` of glibc's sscanf into 32 bits: white space, a sign and `0x` may stand before; `0x` alone is 0. */
const SCANF_HEX = /([\t-\r ]*)([-+]?)(0[xX])?([0-9a-fA-F]*)/y;
const ATOI = /^[\t-\r ]*([-+]?\d+)/;

interface Scanned {
  readonly value: number;
  readonly end: number;
  /** More than digits. */
  readonly loose: boolean;
}

function scan(text: string, position: number): Scanned | undefined {
  SCANF_HEX.lastIndex = position;
  const [all = '', space = '', sign = '', prefix = '', digits = ''] = SCANF_HEX.exec(text) ?? [];
  if (prefix === '' && digits === '') return undefined;
  const written = BigInt(`0x${digits === '' ? '0' : digits}`);
  const longest = (1n << 64n) - 1n;
  // strtoul stops at the longest number it knows, and scanf keeps the lowest half.
  const kept = written > longest ? longest : sign === '-' ? -written : written;
  return {
    value: Number(BigInt.asUintN(32, kept)),
    end: position + all.length,
    loose: space !== '' || sign !== '' || prefix !== '' || digits.replace(/^0+/, '').length > 8,
  };
}

/** atoi of glibc, on 64 bits: a long of strtol's, of which an int is kept. */
function atoi(text: string): number {
  const written = BigInt(ATOI.exec(text)?.[1]?.replace('+', '') ?? 0);
  const most = (1n << 63n) - 1n;
  const kept = written > most ? most : written < -most - 1n ? -most - 1n : written;
  return Number(BigInt.asIntN(32, kept));
}

interface ScannedAddress {
  readonly address: string;
  readonly all: boolean;
  readonly end: number;
}

class SpecReader {
  readonly remarks: SpecRemark[] = [];
  readonly #text: string;
  readonly #flags = new Map<string, boolean>();
  readonly #seen = new Set<string>();
  #target: ScannedAddress | undefined;
  #name: string | undefined;
  #slot = 0;
  #relaxed: boolean | undefined;

  constructor(text: string) {
    // To xl a NUL is the end.
    this.#text = text.replace(/\0[^]*$/, '');
  }

  /** False where xl refuses the specification: the last remark says why. */
  read(): boolean {
    const text = this.#text;
    let position = this.#positional();
    if (position === undefined) return false;
    while (position < text.length) {
      const equals = text.indexOf('=', position);
      if (equals < 0) {
        const isAddress = position === 0 && !/^[a-z_]+$/.test(text);
        return this.#refuse(isAddress ? 'ADDRESS_MALFORMED' : 'OPTION_BARE', position, text.length);
      }
      const comma = text.indexOf(',', equals);
      const end = comma < 0 ? text.length : comma;
      if (!this.#option(position, equals, end)) return false;
      position = end + 1;
    }
    if (this.#target === undefined && this.#name === undefined)
      return this.#refuse('TARGET_MISSING', 0, text.length);
    if (this.#target !== undefined && this.#name !== undefined)
      return this.#refuse('TARGET_TWICE', 0, text.length);
    return true;
  }

  reading(): XlSpecReading {
    const name = this.#name;
    return {
      address: this.#target?.address,
      all: this.#target?.all ?? false,
      name,
      virtualSlot: this.#slot,
      flags: this.#flags,
      relaxed: this.#relaxed,
    };
  }

  /** The address before all options, if there is one. @returns where options begin; undefined where xl refuses. */
  #positional(): number | undefined {
    const text = this.#text;
    const before = this.remarks.length;
    const target = this.#address(0, text.length);
    if (target === undefined) {
      this.remarks.length = before;
      return 0;
    }
    this.#target = target;
    this.#seen.add('bdf');
    let position = target.end;
    if (text.charAt(position) === '@') {
      const slot = this.#virtualSlot(position + 1, text.length);
      if (slot === undefined) return undefined;
      this.#seen.add('vslot');
      position = slot;
    }
    if (position === text.length) return position;
    if (text.charAt(position) === ',') return position + 1;
    this.#refuse('ADDRESS_MALFORMED', position, text.length);
    return undefined;
  }

  #option(start: number, equals: number, end: number): boolean {
    const text = this.#text;
    const key = text.slice(start, equals);
    const value = text.slice(equals + 1, end);
    if (this.#seen.has(key)) this.#remark('OPTION_AGAIN', start, end);
    this.#seen.add(key);
    if (key === 'bdf') {
      this.#target = this.#address(equals + 1, end);
      if (this.#target === undefined) return this.#refuse('ADDRESS_MALFORMED', equals + 1, end);
      if (this.#target.end < end) this.#remark('VALUE_CUT', this.#target.end, end);
      return true;
    }
    if (key === 'vslot') {
      const last = this.#virtualSlot(equals + 1, end);
      if (last !== undefined && last < end) this.#remark('VALUE_CUT', last, end);
      return last !== undefined;
    }
    if (key === 'name') {
      this.#name = value;
      return true;
    }
    if (key === 'rdm_policy') {
      if (!/^(strict|relaxed)$/i.test(value)) return this.#refuse('POLICY_UNKNOWN', equals + 1, end);
      this.#relaxed = value.toLowerCase() === 'relaxed';
      return true;
    }
    if (!XL_SPEC_FLAGS.includes(key)) return this.#refuse('OPTION_UNKNOWN', start, equals);
    this.#flags.set(key, atoi(value) !== 0);
    if (value !== '' && !ATOI.test(value)) this.#remark('FLAG_NOT_NUMBER', start, end);
    else if (value !== '' && value !== '0' && value !== '1') this.#remark('FLAG_ODD_NUMBER', start, end);
    return true;
  }

  /** Colons are counted in what begins as digits and colons, whatever comes of the numbers. */
  #address(start: number, end: number): ScannedAddress | undefined {
    const text = this.#text.slice(0, end);
    const run = /[0-9a-fA-F:]*/y;
    run.lastIndex = start;
    const colons = (run.exec(text)?.[0].match(/:/g) ?? []).length;
    if (colons !== 1 && colons !== 2) return undefined;
    const numbers: number[] = colons === 1 ? [0] : [];
    let position = start;
    for (const separator of colons === 1 ? ':.' : '::.') {
      const number = this.#number(text, position);
      // Where the point is missing xl goes on at a place that nobody has set.
      if (number === undefined || text.charAt(number.end) !== separator) return undefined;
      numbers.push(number.value);
      position = number.end + 1;
    }
    const [domain = 0, bus = 0, device = 0] = numbers;
    if (domain > 0xffff || bus > 0xff || device > 0x1f) return undefined;
    const all = text.charAt(position) === '*';
    const number = all ? { value: 0, end: position + 1 } : this.#number(text, position);
    if (number === undefined || number.value > 7) return undefined;
    const two = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
    return {
      address: `${two(domain, 4)}:${two(bus, 2)}:${two(device, 2)}.${number.value}`,
      all,
      end: number.end,
    };
  }

  /** @returns behind it. */
  #virtualSlot(start: number, end: number): number | undefined {
    const number = this.#number(this.#text.slice(0, end), start);
    if (number === undefined || number.value > 0x1f) {
      this.#refuse('SLOT_MALFORMED', start, end);
      return undefined;
    }
    if (number.value === 0) this.#remark('SLOT_AUTOMATIC', start, number.end);
    this.#slot = number.value;
    return number.end;
  }

  #number(text: string, position: number): Scanned | undefined {
    const number = scan(text, position);
    if (number?.loose === true) this.#remark('NUMBER_LOOSE', position, number.end);
    return number;
  }

  #remark(code: SpecRemarkCode, start: number, end: number): void {
    this.remarks.push({ rule: code, start, end });
  }

  #refuse(code: SpecRemarkCode, start: number, end: number): false {
    this.#remark(code, start, end);
    return false;
  }
}

/** For a lint: `parseXlSpec` refuses what slips through here. */
export function readSpecAsXl(text: string): SpecAsRead {
  const reader = new SpecReader(text);
  const taken = reader.read();
  return { reading: taken ? reader.reading() : undefined, remarks: reader.remarks };
}
