/** What lspci's lines are made of: words beside fields of the register model, found once by their names. */
import type { RegisterTable } from '../../pci/index.js';
import { placeIn, registerIn, type FieldReader } from '../field-reader.js';
import type { CapabilityView, CapabilityWriter } from './capability-view.js';

/** A piece of a line: literal text, or what a capability's bytes make of it. */
export type Item = string | ((view: CapabilityView) => string);

/** What a capability has below its first line, and from which bytes it is made. */
interface Below {
  /** Offset and number of the bytes that must be readable. */
  readonly bytes: readonly [offset: number, count: number];
  /** What stands below the first line if they are not. */
  readonly unreadable?: string;
  readonly lines: readonly Item[];
}

/** `Label+` or `Label-`. */
export function flag(field: FieldReader, label: string): Item {
  const [set, clear] = [`${label}+`, `${label}-`];
  return (view) => (field(view) !== 0 ? set : clear);
}

/**
 * `Label+` or `Label-` of several flags of one register, one behind the other; the register is read once.
 * @param labels each label with its field's name. @throws {RangeError} the table has no such field.
 */
export function flags(
  table: RegisterTable,
  register: string,
  labels: Readonly<Record<string, string>>,
  between = ' ',
): (view: CapabilityView) => string {
  const marks = Object.entries(labels).map(([label, field], index) => {
    const bits = placeIn(table, `${register}.${field}`).mask;
    const before = index === 0 ? '' : between;
    return { bits, set: `${before}${label}+`, clear: `${before}${label}-` };
  });
  const value = registerIn(table, register);
  return (view) => {
    const read = value(view);
    let text = '';
    for (const { bits, set, clear } of marks) text += (read & bits) !== 0 ? set : clear;
    return text;
  };
}

/** A number as `words` write it. */
export function shown(field: FieldReader, words: (value: number) => string): Item {
  return (view) => words(field(view));
}

/** All items, one behind the other. */
export function joined(items: readonly Item[], view: CapabilityView): string {
  let text = '';
  for (const item of items) text += typeof item === 'string' ? item : item(view);
  return text;
}

/** A capability that has the same first line always, and lines below it from -vv on. */
export function capability(title: string, below?: Below): CapabilityWriter {
  const first = `${title}\n`;
  if (below === undefined) return () => first;
  const { bytes, unreadable = '', lines } = below;
  const [offset, count] = bytes;
  return (view) => {
    if (view.verbosity < 2) return first;
    return first + (view.has(offset, count) ? joined(lines, view) : unreadable);
  };
}
