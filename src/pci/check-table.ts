/** The checker of register tables: what is wrong with one, as data. */
import { isExact } from './field-values.js';
import { dottedName, extentOf, placesOf } from './registers.js';
import type { Field, Register, RegisterReader, RegisterTable } from './registers.js';

/** A fault of a table; `name` and `other` are dotted names. */
export type TableFinding = { readonly name: string } & (
  | { readonly code: 'TABLE_NAME_MALFORMED' }
  | { readonly code: 'TABLE_NAME_DUPLICATE' }
  /** The offset is not a multiple of the width, so one access cannot reach the register. */
  | { readonly code: 'TABLE_REGISTER_UNALIGNED'; readonly offset: number; readonly width: number }
  /** Stands after a register with a higher offset. */
  | { readonly code: 'TABLE_REGISTER_ORDER'; readonly offset: number; readonly other: string }
  | { readonly code: 'TABLE_REGISTER_OVERLAP'; readonly other: string }
  | {
      readonly code: 'TABLE_FIELD_OUTSIDE';
      readonly low: number;
      readonly high: number;
      readonly width: number;
    }
  | { readonly code: 'TABLE_FIELD_OVERLAP'; readonly other: string }
  /** It has no number 1, or its numbers overlap or are not aligned. */
  | { readonly code: 'TABLE_REPEAT_MALFORMED'; readonly count: number; readonly stride: number }
  /** More bits than a number holds exactly, or a flag of more than one bit. */
  | { readonly code: 'TABLE_FIELD_TOO_WIDE'; readonly low: number; readonly high: number }
  /** A named value that the field cannot hold. */
  | { readonly code: 'TABLE_VALUE_OUTSIDE'; readonly value: number }
);

/** A name part: lower case, digits and underscores. */
const NAME = /^[a-z][a-z0-9_]*$/;

/**
 * Checks the shape of a table. Pairs of registers of which both are conditional may exclude each other, and where a
 * register stands whose places the bytes tell is not known without bytes; such pairs are checked only against the
 * `samples`: for each sample (bytes of one such capability) the registers that are present together must not overlap or
 * share a name. Bits without a field are fine: they are reserved.
 */
export function checkTable(table: RegisterTable, samples: readonly RegisterReader[] = []): TableFinding[] {
  const findings: TableFinding[] = [];
  if (!NAME.test(table.name)) findings.push({ code: 'TABLE_NAME_MALFORMED', name: table.name });
  let previous: Register | undefined;
  for (const register of table.registers) {
    findings.push(...checkRegister(table, register));
    if (previous !== undefined && register.offset < previous.offset) {
      const other = dottedName(table, previous);
      findings.push({
        code: 'TABLE_REGISTER_ORDER',
        name: dottedName(table, register),
        offset: register.offset,
        other,
      });
    }
    previous = register;
  }
  const settled = (a: Register, b: Register) => a.when === undefined || b.when === undefined;
  findings.push(...checkPairs(table, table.registers, settled, (a, b) => settled(a, b) && overlap(a, b)));
  const seen = new Set(findings.map((finding) => JSON.stringify(finding)));
  const unsettled = table.registers.some(isUnsettled) ? samples : [];
  for (const sample of unsettled) {
    const present = table.registers.filter((register) => register.when?.(sample) ?? true);
    const found = checkPairs(table, present, (a, b) => !settled(a, b), overlapIn(sample));
    for (const finding of found) {
      const key = JSON.stringify(finding);
      if (!seen.has(key)) findings.push(finding);
      seen.add(key);
    }
  }
  return findings;
}

function checkRegister(table: RegisterTable, register: Register): TableFinding[] {
  const findings: TableFinding[] = [];
  const name = dottedName(table, register);
  if (!NAME.test(register.name)) findings.push({ code: 'TABLE_NAME_MALFORMED', name });
  if (register.offset < 0 || register.offset % register.width !== 0) {
    findings.push({ code: 'TABLE_REGISTER_UNALIGNED', name, offset: register.offset, width: register.width });
  }
  if (register.repeat !== undefined && !isSoundRepeat(register))
    findings.push({ code: 'TABLE_REPEAT_MALFORMED', name, ...register.repeat });
  register.fields.forEach((field, index) => {
    findings.push(...checkField(register, field, dottedName(table, register, field)));
    for (const other of register.fields.slice(0, index)) {
      if (field.low <= other.high && other.low <= field.high) {
        findings.push({
          code: 'TABLE_FIELD_OVERLAP',
          name: dottedName(table, register, field),
          other: dottedName(table, register, other),
        });
      }
      if (field.name === other.name) {
        findings.push({ code: 'TABLE_NAME_DUPLICATE', name: dottedName(table, register, field) });
      }
    }
  });
  return findings;
}

function checkField(register: Register, field: Field, name: string): TableFinding[] {
  const findings: TableFinding[] = [];
  const { low, high, show } = field;
  const only = field.name === '' && register.fields.length === 1;
  if (!only && !NAME.test(field.name)) findings.push({ code: 'TABLE_NAME_MALFORMED', name });
  if (low < 0 || low > high || high >= register.width * 8) {
    findings.push({ code: 'TABLE_FIELD_OUTSIDE', name, low, high, width: register.width });
  }
  const size = high - low + 1;
  const shift = show.kind === 'hex' ? (show.shift ?? 0) : 0;
  // A register of 8 bytes that is one number by itself is a bigint; every other field is a number.
  const fits = only && show.kind === 'hex' ? size + shift <= 64 : isExact(size + shift);
  if (!fits || (show.kind === 'flag' && size !== 1)) {
    findings.push({ code: 'TABLE_FIELD_TOO_WIDE', name, low, high });
  }
  if (show.kind === 'values') {
    for (const value of Object.keys(show.values).map(Number)) {
      if (value >= 2 ** size) findings.push({ code: 'TABLE_VALUE_OUTSIDE', name, value });
    }
  }
  return findings;
}

function checkPairs(
  table: RegisterTable,
  registers: readonly Register[],
  named: (a: Register, b: Register) => boolean,
  overlapping: (a: Register, b: Register) => boolean,
): TableFinding[] {
  const findings: TableFinding[] = [];
  registers.forEach((register, index) => {
    for (const other of registers.slice(0, index)) {
      const name = dottedName(table, register);
      if (overlapping(register, other)) {
        findings.push({ code: 'TABLE_REGISTER_OVERLAP', name, other: dottedName(table, other) });
      }
      if (register.name === other.name && named(register, other))
        findings.push({ code: 'TABLE_NAME_DUPLICATE', name });
    }
  });
  return findings;
}

/** More numbers of one register are a mistake. */
const MOST_REPEATS = 65536;

function isSoundRepeat({ width, repeat }: Register): boolean {
  if (repeat === undefined) return true;
  const { count, stride } = repeat;
  const isCount = Number.isInteger(count) && count >= 2 && count <= MOST_REPEATS;
  return isCount && Number.isInteger(stride) && stride >= width && stride % width === 0;
}

/** Only bytes tell whether it is there, or where. */
function isUnsettled({ when, repeat }: Register): boolean {
  return when !== undefined || repeat?.place !== undefined;
}

/** Whether two registers overlap that only bytes can tell of. */
function overlapIn(sample: RegisterReader): (a: Register, b: Register) => boolean {
  const taken = new Map<Register, ReadonlySet<number>>();
  const bytesOf = (register: Register): ReadonlySet<number> => {
    const known = taken.get(register);
    if (known !== undefined) return known;
    const bytes = new Set<number>();
    for (const { offset } of placesOf(register, sample))
      for (let byte = 0; byte < register.width; byte++) bytes.add(offset + byte);
    taken.set(register, bytes);
    return bytes;
  };
  return (a, b) => {
    if (!isSoundRepeat(a) || !isSoundRepeat(b)) return false;
    if (a.repeat?.place === undefined && b.repeat?.place === undefined)
      return a.when !== undefined && b.when !== undefined && overlap(a, b);
    const others = bytesOf(b);
    for (const byte of bytesOf(a)) if (others.has(byte)) return true;
    return false;
  };
}

function overlap(a: Register, b: Register): boolean {
  // A finding of its own, and no number of places.
  if (!isSoundRepeat(a) || !isSoundRepeat(b)) return false;
  // Bytes alone tell.
  if (a.repeat?.place !== undefined || b.repeat?.place !== undefined) return false;
  // Where they lie apart as wholes nothing has to be compared; arrays may be laid into each other's gaps.
  if (a.offset >= b.offset + extentOf(b) || b.offset >= a.offset + extentOf(a)) return false;
  const [more, fewer] = (a.repeat?.count ?? 1) > (b.repeat?.count ?? 1) ? [a, b] : [b, a];
  return placesOf(fewer).some(({ offset }) => reaches(more, offset, fewer.width));
}

/** Whether any place of a register has a byte of the range. */
function reaches({ offset, width, repeat }: Register, start: number, bytes: number): boolean {
  const first = repeat === undefined ? 0 : Math.floor((start - offset - width) / repeat.stride) + 1;
  const index = Math.min(Math.max(first, 0), (repeat?.count ?? 1) - 1);
  const at = offset + index * (repeat?.stride ?? 0);
  return at < start + bytes && start < at + width;
}
