/** What a rule of the differential test is, and the builders that the lists of rules share. */
import type { DecodedField } from '../../src/pci/index.js';

type Value = DecodedField['value'];
type Fields = ReadonlyMap<string, DecodedField>;

/** One thing that lspci prints and what we have for it. */
export interface Rule {
  /** Name of lspci's line. */
  readonly line: string;
  /** Finds the text; the first group is compared. */
  readonly pattern: RegExp;
  /** Our dotted name, for messages and counting. */
  readonly field: string;
  /** What lspci's group should be by our decoding; undefined skips (lspci says it differently for this value). */
  expected(value: Value, field: DecodedField, all: Fields): string | undefined;
}

function escaped(label: string): string {
  return label.replace(/[.*+?^${}()|[\]\\<>/]/g, '\\$&');
}

/** Rules for `Label+` and `Label-`. */
export function flags(line: string, register: string, labels: Readonly<Record<string, string>>): Rule[] {
  return Object.entries(labels).map(([label, name]) => ({
    line,
    pattern: new RegExp(`(?:^|[\\s,(:])${escaped(label)}([+-])(?![A-Za-z])`),
    field: `${register}.${name}`,
    expected: (value) => (value === true ? '+' : '-'),
  }));
}

export function rule(line: string, pattern: RegExp, field: string, expected: Rule['expected']): Rule {
  return { line, pattern, field, expected };
}

export const decimal: Rule['expected'] = (value) => String(value);
/** Hexadecimal as lspci prints it, without a prefix. */
export const plain: Rule['expected'] = (value) => String(value).slice(2);
export const compact: Rule['expected'] = (value) => String(value).replaceAll(' ', '');
export const named =
  (names: Readonly<Record<string, string>>): Rule['expected'] =>
  (value) =>
    names[String(value)];
