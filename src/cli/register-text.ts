/** Registers as the commands print them: lines for a person, and data. */
import { decodeValue, hexNumber, type DecodedField } from '../pci/index.js';
import { bitLadder, type SelectedRegister } from '../proto/program/index.js';
import { fieldText } from './function-text.js';

export function hexOf({ shape }: SelectedRegister, value: bigint): string {
  return hexNumber(value, shape.register.width * 2);
}

/** The fields that were asked for: all of the register, or the one that was named. */
export function shownFields(selected: SelectedRegister, value: bigint): readonly DecodedField[] {
  const { name, offset, shape, field } = selected;
  const number = shape.register.width === 8 ? value : Number(value);
  const decoded = decodeValue(name, shape.register, offset, number).fields;
  return decoded.filter((each) => field === undefined || each.name === `${name}.${field.name}`);
}

/** Name, number and fields in one line. */
export function registerLine(selected: SelectedRegister, value: bigint): string {
  const hex = hexOf(selected, value);
  const { name, field } = selected;
  if (field !== undefined)
    return `${name}.${field.name}  ${shownFields(selected, value).map(valueText).join('')}`;
  const fields = shownFields(selected, value).map((each) => fieldText(each, name));
  return `${name}  ${hex}${fields.length === 0 || fields[0] === hex ? '' : `  ${fields.join(' ')}`}`;
}

/** Fields of the register whose values are not the same, each with the one before. */
export function changedFields(
  selected: SelectedRegister,
  before: bigint,
  value: bigint,
): readonly { readonly before: DecodedField; readonly after: DecodedField }[] {
  const then = shownFields(selected, before);
  return shownFields(selected, value).flatMap((after, index) => {
    const field = then[index];
    return field === undefined || field.raw === after.raw ? [] : [{ before: field, after }];
  });
}

/** Name and number, and each field that is another now: `speed 2.5 GT/s -> 8 GT/s`. */
export function changeLine(selected: SelectedRegister, before: bigint, value: bigint): string {
  const { name, field } = selected;
  const fields = changedFields(selected, before, value).map(({ before: was, after }) => {
    const short = field !== undefined || after.name === name ? '' : `${after.name.slice(name.length + 1)} `;
    return `${short}${valueText(was)} -> ${valueText(after)}`;
  });
  if (field !== undefined) return `${name}.${field.name}  ${fields.join('')}`;
  return `${name}  ${hexOf(selected, value)}${fields.length === 0 ? '' : `  ${fields.join(', ')}`}`;
}

/** The bits, and the fields below them. */
export function ladderLines(selected: SelectedRegister, value: bigint): string[] {
  const { register } = selected.shape;
  const number = register.width === 8 ? value : Number(value);
  return bitLadder(register, number).map((line) => `  ${line}`);
}

export function valueText({ value, unit }: DecodedField): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return `${value}${unit === undefined || unit === '' ? '' : ` ${unit}`}`;
}

/** One register as data. */
export function registerData(selected: SelectedRegister, value: bigint) {
  const { name, space, offset, shape } = selected;
  return {
    name,
    space,
    offset,
    width: shape.register.width,
    hex: hexOf(selected, value),
    fields: shownFields(selected, value).map((each) => ({
      ...each,
      raw: typeof each.raw === 'bigint' ? `0x${each.raw.toString(16)}` : each.raw,
    })),
  };
}
