/** A register map as text: JSON (or YAML, which JSON is a part of), checked, with the place of every fault; and back. */
import {
  checkMap,
  hexDigits,
  idsText,
  RegisterMapError,
  type Access,
  type Field,
  type FieldKind,
  type Register,
  type RegisterMap,
} from '../../pci/index.js';
import { MapFormError } from './errors.js';
import { faultOf, mapForm, type FieldForm, type RegisterForm } from './map-schema.js';
import { parseText, pathText } from './map-text.js';

/**
 * Reads a map. `file` names the text in messages.
 * @throws {MapFormError} it is none. @throws {RegisterMapError} its registers overlap, stand out of order or are too wide.
 */
export function parseRegisterMap(text: string, file = 'the map'): RegisterMap {
  const { value, lineOf } = parseText(text, file);
  const result = mapForm.safeParse(value);
  if (!result.success) {
    const { issues } = result.error;
    // A name that nothing has explains the one that is missing.
    const fault = faultOf(issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]);
    const where = pathText(fault.path);
    throw new MapFormError(file, lineOf(fault.path), where, fault.why(value), fault.next(value));
  }
  const { data } = result;
  const map: RegisterMap = {
    name: data.name,
    title: data.title ?? data.name,
    source: data.source ?? file,
    space: data.space,
    devices: data.devices,
    registers: data.registers.map(registerOf),
  };
  const findings = checkMap(map);
  const [first] = findings;
  if (first !== undefined) {
    const index = map.registers.findIndex(({ name }) => `${first.name}.`.startsWith(`${map.name}.${name}.`));
    const line = lineOf(index < 0 ? [] : ['registers', index]);
    throw new RegisterMapError(map.name, findings, line === undefined ? file : `${file}:${line}`);
  }
  return map;
}

function registerOf(given: RegisterForm): Register {
  const { name, title = name, offset, width, access, fields, bits, count, stride } = given;
  const whole = { high: width * 8 - 1, low: 0 };
  const made: Register = {
    name,
    title,
    offset,
    width,
    fields:
      fields === undefined
        ? [
            {
              name: '',
              title,
              ...(bits ?? whole),
              access,
              ...stickyOf(given),
              show: showOf(given) ?? { kind: 'hex' },
            },
          ]
        : fields.map((field) => fieldOf(field, access)),
  };
  return count === undefined ? made : { ...made, repeat: { count, stride: stride ?? width } };
}

function fieldOf(given: FieldForm, inherited: Access): Field {
  const { name, title = name, bits, access = inherited } = given;
  const kind: FieldKind = { kind: bits.high === bits.low ? 'flag' : 'number' };
  return {
    name,
    title,
    low: bits.low,
    high: bits.high,
    access,
    ...stickyOf(given),
    show: showOf(given) ?? kind,
  };
}

function stickyOf({ sticky }: { readonly sticky?: boolean }): { readonly sticky?: boolean } {
  return sticky === undefined ? {} : { sticky };
}

function showOf(given: Pick<FieldForm, 'show' | 'values'>): FieldKind | undefined {
  if (given.values !== undefined) return { kind: 'values', values: given.values };
  return given.show;
}

/** A map as JSON has it; {@link parseRegisterMap} makes the same map of it. */
export function registerMapForm(map: RegisterMap): object {
  const bitsText = ({ high, low }: Field) => (high === low ? `${high}` : `${high}:${low}`);
  return {
    name: map.name,
    title: map.title,
    source: map.source,
    space: map.space,
    devices: map.devices.map((match) =>
      'classCode' in match ? `class:${hexDigits(match.classCode, 6)}` : idsText(match.vendor, match.device),
    ),
    registers: map.registers.map(({ name, title, offset, width, repeat, fields }) => {
      const [only] = fields;
      const isWhole = fields.length === 1 && only?.name === '';
      return {
        name,
        title,
        offset: `0x${offset.toString(16)}`,
        width,
        ...(repeat === undefined ? {} : repeat),
        ...(isWhole
          ? { access: only.access, bits: bitsText(only), ...stickyOf(only), show: only.show }
          : {
              fields: fields.map((field) => ({
                name: field.name,
                title: field.title,
                bits: bitsText(field),
                access: field.access,
                ...stickyOf(field),
                show: field.show,
              })),
            }),
      };
    }),
  };
}
