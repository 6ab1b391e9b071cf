/** Registers as a person names them: by the names of a map or of configuration space, or by space, offset and width. */
import {
  dottedName,
  fields,
  hexNumber,
  OpenslotError,
  rawIn,
  REGISTER_SPACES,
  type Field,
  type Register,
  type RegisterMap,
  type Width,
} from '../../pci/index.js';
import { RegisterError, RegisterUnknownError } from './errors.js';
import { namesConfiguration, type ConfigurationNames } from './configuration-names.js';
import { RegisterShape, type ComposedWrite, type RawField } from './register-shape.js';
import type { SelectedRegister } from './selected-register.js';
import { fieldOfText, rawOfText, wholeOfText } from './typed-value.js';

/** A text names no register. */
export class SelectorError extends OpenslotError {
  readonly code = 'REGISTER_MALFORMED';
  constructor(text: string, why: string) {
    super(
      `"${text}" names no register: ${why}`,
      { text, why },
      'write REGISTER, REGISTER.FIELD or REGISTER[NUMBER] of a map, CAPABILITY.REGISTER.FIELD of configuration space, or SPACE:OFFSET/WIDTH, for example bar0:0x20/4',
    );
  }
}

/**
 * `edu.status`, `status.computing`, `nvme.sq_tail[3]`, `bar0:0x20/4`; `pcie.devctl.max_payload` where the names of the
 * function's configuration are given. @throws {SelectorError | RegisterUnknownError | RegisterError}
 */
export function selectRegister(
  maps: readonly RegisterMap[],
  text: string,
  configuration?: ConfigurationNames,
): SelectedRegister {
  if (text.includes(':')) return byNumber(text);
  const [first, ...more] = byName(maps, text, configuration);
  if (first !== undefined && more.length === 0) return first;
  throw new SelectorError(
    text,
    `it is a capability: name one of its registers, ${first?.name ?? ''} or another`,
  );
}

/**
 * As {@link selectRegister}, for what is to be read: one register, or all of a header or capability that a read tells
 * anything of and does not change. @throws {RegisterError} a read would say nothing of the one that was named.
 */
export function selectReadable(
  maps: readonly RegisterMap[],
  text: string,
  configuration?: ConfigurationNames,
): readonly SelectedRegister[] {
  const found = text.includes(':') ? [byNumber(text)] : byName(maps, text, configuration);
  if (found.length > 1) return found.filter(({ shape }) => shape.isReadable && !shape.readClears);
  for (const { shape, field } of found) {
    shape.checkReadable();
    if (field !== undefined) shape.checkReadable(field);
  }
  return found;
}

/** Whether a text can only be told with the names of the function's configuration, which are read from it. */
export function needsConfiguration(maps: readonly RegisterMap[], text: string): boolean {
  const [name = ''] = text.split('=', 1);
  return !name.includes(':') && (namesConfiguration(name) || candidates(maps, name).length === 0);
}

/** Every register of the maps that can be read without harm, in order; repeated ones by their numbers. */
export function harmlessRegisters(maps: readonly RegisterMap[]): SelectedRegister[] {
  return maps.flatMap((map) =>
    map.registers.flatMap((register) => {
      const { isReadable, readClears } = new RegisterShape(register, '');
      if (!isReadable || readClears) return [];
      if (register.repeat === undefined) return [selected(map, register, undefined, undefined)];
      return Array.from({ length: register.repeat.count }, (_, index) =>
        selected(map, register, index, undefined),
      );
    }),
  );
}

/** All names of the maps, as they can be typed. */
export function registerNames(maps: readonly RegisterMap[]): string[] {
  return maps.flatMap((map) =>
    map.registers.flatMap((register) => {
      const name = register.repeat === undefined ? register.name : `${register.name}[0]`;
      return [
        name,
        ...register.fields.filter((each) => each.name !== '').map((each) => `${name}.${each.name}`),
      ];
    }),
  );
}

const NUMBERED = /^([a-z0-9]+):(0x[0-9a-f]+|\d+)(?:\/([1248]))?$/i;
const FOUR_GIGABYTES = 0x1_0000_0000;

function byNumber(text: string): SelectedRegister {
  const [matched, space = '', digits = '', width = '4'] = NUMBERED.exec(text) ?? [];
  const known = REGISTER_SPACES.find((each) => each === space.toLowerCase());
  if (matched === undefined) throw new SelectorError(text, 'it is not SPACE:OFFSET/WIDTH');
  if (known === undefined) throw new SelectorError(text, `there are ${REGISTER_SPACES.join(', ')}`);
  const offset = Number(digits);
  const bytes = Number(width) as Width;
  if (offset >= FOUR_GIGABYTES || offset % bytes !== 0)
    throw new SelectorError(text, `${digits} is no offset of a register of ${bytes} bytes`);
  if (known === 'config' && bytes === 8)
    throw new SelectorError(text, 'configuration space has no accesses of 8 bytes');
  const name = `${known}:${hexNumber(offset, 2)}/${bytes}`;
  const shape = new RegisterShape(fields.whole(offset, bytes, name, name, 'rw'), name);
  return { name, space: known, offset, shape, field: undefined };
}

const NAME = /^([a-z0-9_.]+?)(?:\[(\d+)\])?(?:\.([a-z0-9_]+))?$/i;

/** What the name means: a register, or all those of a capability. */
function byName(
  maps: readonly RegisterMap[],
  text: string,
  configuration: ConfigurationNames | undefined,
): readonly SelectedRegister[] {
  const found = [...candidates(maps, text).map((each) => [each]), ...(configuration?.find(text) ?? [])];
  const [first, second] = found;
  if (first === undefined) {
    const absence = configuration?.absence(text);
    if (absence !== undefined) throw absence;
    const names = [...registerNames(maps), ...(configuration?.names() ?? [])];
    const next =
      names.length === 0
        ? 'give a map (--map FILE), or numbers: bar0:0x0/4'
        : 'those of configuration space: openslot show ADDRESS; those of the maps: openslot get ADDRESS';
    throw new RegisterUnknownError(text, names, 'register', next);
  }
  if (second !== undefined) {
    const names = found.map((each) => each[0]?.name ?? '').join(', ');
    throw new SelectorError(text, `there are ${names}: say which, with what stands before the first dot`);
  }
  return first;
}

/** `a.b` may be a field of a register, or a register of a map; `a.b.c` is all three. */
function candidates(maps: readonly RegisterMap[], text: string): SelectedRegister[] {
  // Names of configuration space alone say where a capability stands.
  if (/[@#]/.test(text)) return [];
  const [matched, path = '', digits, last] = NAME.exec(text) ?? [];
  if (matched === undefined) throw new SelectorError(text, 'it is no name');
  const parts = path.split('.');
  if (last !== undefined) parts.push(last);
  return maps.flatMap((map) => {
    const found: SelectedRegister[] = [];
    for (const own of parts[0] === map.name ? [parts.slice(1), parts] : [parts]) {
      const [registerName = '', fieldName, ...more] = own;
      const register = map.registers.find(({ name }) => name === registerName);
      if (register === undefined || more.length > 0) continue;
      const field = register.fields.find(({ name }) => name === fieldName && name !== '');
      if (fieldName !== undefined && field === undefined) continue;
      found.push(selected(map, register, digits === undefined ? undefined : Number(digits), field));
    }
    return found;
  });
}

function selected(
  map: RegisterMap,
  register: Register,
  index: number | undefined,
  field: Field | undefined,
): SelectedRegister {
  const { repeat } = register;
  const name = dottedName(map, register, undefined, index);
  if (repeat === undefined && index !== undefined)
    throw new RegisterError('REGISTER_INDEX', dottedName(map, register), 'there is only one of it');
  if (repeat !== undefined && (index === undefined || index >= repeat.count)) {
    const why = `it has numbers 0 to ${repeat.count - 1}: write ${register.name}[0]`;
    throw new RegisterError('REGISTER_INDEX', dottedName(map, register), why);
  }
  const offset = register.offset + (index ?? 0) * (repeat?.stride ?? 0);
  return { name, space: map.space, offset, shape: new RegisterShape(register, name), field };
}

/** What is to be written to one register, by one access (and a read before it where something must be kept). */
export interface RegisterAssignment {
  readonly target: SelectedRegister;
  readonly write: ComposedWrite;
  /** Fields that were named, with their raw numbers; empty where all of the register was given. */
  readonly fields: readonly RawField[];
}

/**
 * `REGISTER=VALUE` and `REGISTER.FIELD=VALUE`; fields of one register that follow each other are one write.
 * @throws {SelectorError | RegisterUnknownError | RegisterError} what cannot be written.
 */
export function assignments(
  maps: readonly RegisterMap[],
  texts: readonly string[],
  configuration?: ConfigurationNames,
): RegisterAssignment[] {
  const groups: { target: SelectedRegister; values: [Field | undefined, string][] }[] = [];
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 0) throw new SelectorError(text, 'a value is missing: write it as REGISTER=VALUE');
    const target = selectRegister(maps, text.slice(0, equals), configuration);
    const last = groups.at(-1);
    const value: [Field | undefined, string] = [target.field, text.slice(equals + 1)];
    if (last?.target.name === target.name && target.field !== undefined && last.target.field !== undefined)
      last.values.push(value);
    else groups.push({ target, values: [value] });
  }
  return groups.map(({ target, values }) => {
    const { shape } = target;
    const given = values.flatMap(([field, text]) =>
      field === undefined ? [] : [fieldOfText(shape, field, text)],
    );
    for (const [index, { field }] of given.entries())
      if (given.findIndex((each) => each.field === field) !== index)
        throw new RegisterError(
          'REGISTER_VALUE',
          shape.fieldName(field),
          'two values are given for one write',
        );
    const [[field, text]] = values as [[Field | undefined, string]];
    if (field !== undefined) return { target, write: shape.compose('set', given), fields: given };
    shape.checkWritable();
    return { target, write: { keep: 0n, value: wholeOfText(shape, text) }, fields: [] };
  });
}

/** A value that a register, or a field of it, is compared with. */
export interface RegisterCondition {
  readonly target: SelectedRegister;
  holds(value: bigint): boolean;
}

/** `REGISTER=VALUE` or `REGISTER.FIELD=VALUE`. @throws {SelectorError | RegisterUnknownError | RegisterError} */
export function registerCondition(
  maps: readonly RegisterMap[],
  text: string,
  configuration?: ConfigurationNames,
): RegisterCondition {
  const equals = text.indexOf('=');
  if (equals < 0) throw new SelectorError(text, 'a value is missing: write it as REGISTER=VALUE');
  const target = selectRegister(maps, text.slice(0, equals), configuration);
  const { shape, field } = target;
  shape.checkReadable(field);
  const value = text.slice(equals + 1);
  if (field === undefined) {
    const whole = wholeOfText(shape, value);
    return { target, holds: (found) => found === whole };
  }
  const raw = rawOfText(field, value);
  if (raw === undefined)
    throw new RegisterError('REGISTER_VALUE', shape.fieldName(field), `it is never "${value}"`);
  return { target, holds: (found) => rawIn(found, field) === raw };
}
