/** What is wrong with a policy: names that nothing has, what is not a guest's, what is dangerous and was not taken as such. */
import { defaultName, isKept, parseUnnamedPlace } from '../../pciback/index.js';
import {
  didYouMean,
  dottedName,
  tables,
  type Field,
  type PresentRegister,
  type Register,
  type RegisterTable,
} from '../../pci/index.js';
import { fieldName } from './access-reading.js';
import { harmOfField, UNNAMED_HARM } from './harm.js';
import type { PolicyDocument, PolicyEntry } from './policy-document.js';

/** One thing that is wrong with an entry; docs/policy.md has the codes. */
export interface PolicyFinding {
  /** A policy with an error cannot be used; of what is only told some entry does nothing. */
  readonly severity: 'error' | 'note';
  readonly code:
    'unknown-name' | 'not-there' | 'kept' | 'dangerous' | 'harmless' | 'read-only' | 'named-place' | 'twice';
  readonly name: string;
  readonly line: number | undefined;
  readonly message: string;
}

/** One register of a table, with the names that a policy has for it. */
interface KnownRegister {
  readonly table: RegisterTable;
  readonly register: Register;
  readonly name: string;
}

/** `present` are the registers of the function that it is for; without one, of every function there can be. */
export function checkPolicy(
  policy: PolicyDocument,
  present?: readonly PresentRegister[],
): readonly PolicyFinding[] {
  const known = present ?? everyRegister();
  const everything = present === undefined ? known : everyRegister();
  const seen = new Set<string>();
  const twice = (entry: PolicyEntry): PolicyFinding[] => {
    if (seen.size < seen.add(entry.name).size) return [];
    return [finding('note', 'twice', entry, `${entry.name} is listed twice`)];
  };
  const check = (entry: PolicyEntry, list: 'allow' | 'dangerous') => [
    ...twice(entry),
    ...checkEntry(entry, list, { known, everything, present }),
  ];
  return [
    ...policy.allow.flatMap((entry) => check(entry, 'allow')),
    ...policy.dangerous.flatMap((entry) => check(entry, 'dangerous')),
  ];
}

interface Registers {
  readonly known: readonly KnownRegister[];
  readonly everything: readonly KnownRegister[];
  /** Where the policy is for a function that is known. */
  readonly present: readonly PresentRegister[] | undefined;
}

function checkEntry(
  entry: PolicyEntry,
  list: 'allow' | 'dangerous',
  { known, everything, present }: Registers,
): readonly PolicyFinding[] {
  const { name } = entry;
  if (name.startsWith('config:')) return checkPlace(entry, list, present);
  if (isKept(name)) {
    const why = `${name} stays openslot's: a guest has its interrupts, its BARs and its power events by other ways`;
    return [finding('error', 'kept', entry, why)];
  }
  const fields = fieldsNamed(name, known);
  if (fields.length === 0) {
    if (fieldsNamed(name, everything).length > 0)
      return [finding('note', 'not-there', entry, `the function has no ${name}: the entry does nothing`)];
    const meant = didYouMean(name, namesOf(known));
    const text = `${name} is no register or field${meant === '' ? '' : `: ${meant}`}`;
    return [finding('error', 'unknown-name', entry, text)];
  }
  if (!fields.some(({ field }) => isWritable(field)) && defaultName(name) === undefined)
    return [finding('note', 'read-only', entry, `${name} is read only: the entry does nothing`)];
  const harms = fields.flatMap((each) => harmOf(each));
  if (list === 'allow' && harms.length > 0) {
    const text = harms.map((harm) => `${harm.name}: ${harm.why}`).join('; ');
    const other = harms.length < fields.length ? 'list its other fields by name, or ' : '';
    return [finding('error', 'dangerous', entry, `${text} (${other}take it into dangerous:)`)];
  }
  if (list === 'dangerous' && harms.length === 0)
    return [finding('note', 'harmless', entry, `${name} is not dangerous: it belongs into allow:`)];
  return [];
}

function checkPlace(
  entry: PolicyEntry,
  list: 'allow' | 'dangerous',
  present: readonly PresentRegister[] | undefined,
): readonly PolicyFinding[] {
  const { name } = entry;
  const place = parseUnnamedPlace(name);
  if (place === undefined) {
    const text = `${name} is no place: config:0x40/4 is four bytes at a multiple of four, in lower case`;
    return [finding('error', 'unknown-name', entry, text)];
  }
  const over = present?.find(
    ({ offset, width }) => place.offset < offset + width && offset < place.offset + place.width,
  );
  if (over !== undefined)
    return [
      finding('error', 'named-place', entry, `${over.name} stands at ${name}: name it, or a field of it`),
    ];
  if (list === 'allow')
    return [finding('error', 'dangerous', entry, `${name}: ${UNNAMED_HARM} (take it into dangerous:)`)];
  return [];
}

function finding(
  severity: PolicyFinding['severity'],
  code: PolicyFinding['code'],
  { name, line }: PolicyEntry,
  message: string,
): PolicyFinding {
  return { severity, code, name, line, message };
}

interface FieldThere {
  readonly in: KnownRegister;
  readonly field: Field;
}

/** All fields of the register of that name, or the one; of registers that are alike, with a number or without. */
function fieldsNamed(name: string, known: readonly KnownRegister[]): readonly FieldThere[] {
  return known.flatMap((each) => {
    const alike = dottedName(each.table, each.register);
    if (name === each.name || name === alike)
      return each.register.fields.map((field) => ({ in: each, field }));
    return each.register.fields
      .filter(
        (field) => field.name !== '' && [each.name, alike].some((one) => name === `${one}.${field.name}`),
      )
      .map((field) => ({ in: each, field }));
  });
}

function namesOf(known: readonly KnownRegister[]): string[] {
  return known.flatMap(({ name, register }) => [
    name,
    ...register.fields.filter((field) => field.name !== '').map((field) => `${name}.${field.name}`),
  ]);
}

function isWritable({ access }: Field): boolean {
  return access === 'rw' || access === 'w1c';
}

/** What a policy that passes the field lets a guest do to the host; empty where it is no more than the device's matter. */
function harmOf({ in: { table, register, name }, field }: FieldThere): { name: string; why: string }[] {
  const full = field.name === '' ? name : `${name}.${field.name}`;
  // What the default has its own way with never reaches the hardware as it was written.
  if (!isWritable(field) || isKept(full) || defaultName(full) !== undefined) return [];
  const why = harmOfField(table, register, field);
  return why === undefined ? [] : [{ name: full, why }];
}

/** Of every table; of those that are alike only the common name. */
function everyRegister(): readonly KnownRegister[] {
  return tables.flatMap((table) =>
    table.registers.map((register) => ({ table, register, name: dottedName(table, register) })),
  );
}

/** The name of a field that a policy is to have: the default's own where it has a rule for it. */
export function policyName(present: PresentRegister, field: Field): string {
  const name = fieldName(present, field);
  return defaultName(name) ?? name;
}
