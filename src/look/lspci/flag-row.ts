/** A row of labels beside the fields of one register, as data; each value's text is made once. */
import { dottedName, fieldMask, type RegisterTable } from '../../pci/index.js';
import type { CapabilityView } from './capability-view.js';

/**
 * A field and its words: `label+` or `label-` for a flag; with a list of words, the label and the word of its number.
 */
export type RowPart = readonly [field: string, label: string, words?: readonly string[]];

/** More distinct values of one register than machines have; only made-up input makes more. */
const REMEMBERED = 4096;

/**
 * A writer of the parts of `register`, a blank between them.
 * @throws {RangeError} the table has no such field.
 */
export function flagRow(
  table: RegisterTable,
  register: string,
  parts: readonly RowPart[],
): (view: CapabilityView) => string {
  const entry = table.registers.find(({ name }) => name === register);
  if (entry === undefined || entry.width === 8)
    throw new RangeError(`the table ${table.name} has no register ${register} of at most 4 bytes`);
  const { offset, width } = entry;
  const writers = parts.map(([name, label, words]) => {
    const field = entry.fields.find((one) => one.name === name);
    if (field === undefined) throw new RangeError(`${dottedName(table, entry)} has no field ${name}`);
    const mask = fieldMask(field);
    return (value: number) => {
      const bits = (value & mask) >>> field.low;
      return words === undefined ? `${label}${bits === 0 ? '-' : '+'}` : `${label}${words[bits] ?? ''}`;
    };
  });
  const texts = new Map<number, string>();
  return (view) => {
    const value = view.read(offset, width);
    let text = texts.get(value);
    if (text === undefined) {
      text = writers.map((write) => write(value)).join(' ');
      if (texts.size >= REMEMBERED) texts.clear();
      texts.set(value, text);
    }
    return text;
  };
}
