/** What the decoded lines of a dump are made of: NetBSD's words beside fields of the register model. */
import { hexDigits, type RegisterReader, type RegisterTable } from '../../pci/index.js';
import { fieldIn, registerIn } from '../field-reader.js';

/** Whole lines, with their ends. */
export type Lines = (reader: RegisterReader) => string;

/** A value below its register's line. */
export function valueLine(label: string, text: string | number): string {
  return `      ${label}: ${text}\n`;
}

export function onOff(label: string, isSet: boolean): string {
  return valueLine(label, isSet ? 'on' : 'off');
}

/** Words of one table: registers and fields by their names in it. @throws {RangeError} of a name that it does not have. */
export class TableLines {
  readonly #table: RegisterTable;

  constructor(table: RegisterTable) {
    this.#table = table;
  }

  /** `Label: 0x0010`, a register as a number; `before` stands before its digits. */
  register(label: string, name: string, count: number, before = '0x'): Lines {
    const whole = registerIn(this.#table, name);
    return (reader) => `    ${label}: ${before}${hexDigits(whole(reader), count)}\n`;
  }

  /** `Label: on`, a field that is a flag, below its register. */
  flag(label: string, field: string, on = 'on', off = 'off'): Lines {
    const isSet = fieldIn(this.#table, field);
    const [set, clear] = [valueLine(label, on), valueLine(label, off)];
    return (reader) => (isSet(reader) !== 0 ? set : clear);
  }

  /** Flags of one register, each label with its field. */
  flags(register: string, labels: Readonly<Record<string, string>>): Lines {
    return together(Object.entries(labels).map(([label, field]) => this.flag(label, `${register}.${field}`)));
  }

  /** `Label: …`, a field in words, below its register. */
  value(label: string, field: string, words: (value: number) => string | number = (value) => value): Lines {
    const number = fieldIn(this.#table, field);
    return (reader) => valueLine(label, words(number(reader)));
  }
}

/** A field's number in words; nothing where it has none. */
export function oneOf(words: readonly string[]): (value: number) => string {
  return (value) => words[value] ?? '';
}

export function text(lines: string): Lines {
  return () => lines;
}

export function together(parts: readonly Lines[]): Lines {
  return (reader) => {
    let all = '';
    for (const part of parts) all += part(reader);
    return all;
  };
}
