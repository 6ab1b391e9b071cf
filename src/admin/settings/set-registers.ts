/** Setting registers: all is checked, what configuration space held is kept on disk, then each is written and looked at. */
import { allBits, bitsOf, criticalField, rawIn, type Field } from '../../pci/index.js';
import type { ConfigurationNames, RegisterAssignment, SelectedRegister } from '../../proto/program/index.js';
import { FieldCriticalError, NotTakenError } from './errors.js';
import {
  readSelected,
  readsOf,
  valueRead,
  writeOf,
  writeParts,
  type RunAccesses,
  type WritePart,
} from './selected-access.js';
import type { SetRegister, SettingJournal, SettingRecord } from './setting-journal.js';

/** What was asked for, and what was seen before and after it; undefined where a read would say nothing, or change it. */
export interface RegisterChange {
  readonly assignment: RegisterAssignment;
  readonly before: bigint | undefined;
  readonly after: bigint | undefined;
}

export interface SetOptions {
  /** Also fields whose change cuts the function off, moves it, or takes a protection away. */
  readonly evenIfCritical: boolean;
  /** Where it is kept what configuration space held; undefined where the machine ends with the command. */
  readonly journal: SettingJournal | undefined;
  readonly about: Pick<SettingRecord, 'address' | 'identity'>;
  /** The function's tables, which say what bits that were given by number are; undefined where none were. */
  readonly configuration: ConfigurationNames | undefined;
}

/**
 * Sets in the order given, and tells each change as it is made. Nothing is written where any of it is refused.
 * @throws {RegisterError} read-only or reserved bits would change. @throws {FieldCriticalError}
 * @throws {NotTakenError} all was written, and some of it did not stay.
 */
export async function setRegisters(
  run: RunAccesses,
  assignments: readonly RegisterAssignment[],
  options: SetOptions,
  tell: (change: RegisterChange) => void,
): Promise<void> {
  const { journal, about } = options;
  const before = await configurationBefore(run, assignments);
  for (const assignment of assignments) check(assignment, before.get(assignment), options.evenIfCritical);
  const registers = entriesOf(assignments, before, options.configuration);
  const lost = lostIn(assignments);
  const missed: string[] = [];
  const makeAll = async () => {
    for (const assignment of assignments) {
      const change = await make(run, assignment);
      tell(change);
      missed.push(...notTaken(change));
    }
  };
  if (journal === undefined || (registers.length === 0 && lost.length === 0)) await makeAll();
  else {
    const record = { ...about, when: new Date().toISOString(), registers, lost };
    const number = journal.add(record);
    let isWhole = false;
    try {
      await makeAll();
      isWhole = true;
    } finally {
      await settle(run, journal, number, record, isWhole);
    }
  }
  if (missed.length > 0) throw new NotTakenError(about.address, missed, journal !== undefined);
}

/**
 * Named fields of configuration space that read otherwise than they were written: the hardware has not what was asked
 * for. Not those of a window, and not what ends by itself, as a reset does; a whole register shows its before and after.
 */
function notTaken({ assignment, after }: RegisterChange): string[] {
  const { target, fields } = assignment;
  const { shape } = target;
  const table = shape.configuration;
  if (table === undefined || table.window === true || after === undefined) return [];
  return fields
    .filter(({ field, raw }) => field.access === 'rw' && rawIn(after, field) !== raw)
    .filter(({ field }) => criticalField(table, shape.register, field)?.change !== 'set')
    .map(({ field }) => shape.fieldName(field));
}

/** What registers of configuration space hold, those that can be looked at. */
async function configurationBefore(
  run: RunAccesses,
  assignments: readonly RegisterAssignment[],
): Promise<ReadonlyMap<RegisterAssignment, bigint>> {
  const looked = assignments.filter(({ target }) => target.space === 'config' && isLookedAt(target));
  const values = await readSelected(
    run,
    looked.map(({ target }) => target),
  );
  return new Map(looked.map((assignment, index) => [assignment, values[index] ?? 0n]));
}

function isLookedAt({ shape }: SelectedRegister): boolean {
  return shape.isReadable && !shape.readClears;
}

function check(assignment: RegisterAssignment, before = 0n, evenIfCritical: boolean): void {
  const { target, write, fields } = assignment;
  const { shape } = target;
  const table = shape.configuration;
  if (table === undefined) return;
  if (fields.length === 0) shape.checkWhole(before, write.value);
  if (evenIfCritical) return;
  const after = (before & write.keep) | write.value;
  for (const field of settingsIn(assignment)) {
    const set = after & bitsOf(field);
    if (set === (field.access === 'wo' ? 0n : before & bitsOf(field))) continue;
    const rule = criticalField(table, shape.register, field);
    if (rule === undefined || rule.change === (set === 0n ? 'set' : 'cleared')) continue;
    throw new FieldCriticalError(shape.fieldName(field), rule.why);
  }
}

/** The fields that the assignment sets, and not those that it keeps. */
function settingsIn({ target, fields }: RegisterAssignment): readonly Field[] {
  const named = fields.length === 0 ? target.shape.register.fields : fields.map(({ field }) => field);
  return named.filter(({ access }) => access === 'rw' || access === 'wo');
}

/** What cannot be put back: what a written 1 cleared, and what was a command. */
function lostIn(assignments: readonly RegisterAssignment[]): string[] {
  return assignments.flatMap(({ target, write, fields }) => {
    const { shape, space } = target;
    if (space !== 'config') return [];
    const named = fields.length === 0 ? shape.register.fields : fields.map(({ field }) => field);
    // To write back what stood in a window is one more access to what is behind it.
    if (shape.configuration?.window === true) return named.map((field) => shape.fieldName(field));
    return named
      .filter(
        (field) => (field.access === 'w1c' || field.access === 'wo') && (write.value & bitsOf(field)) !== 0n,
      )
      .map((field) => shape.fieldName(field));
  });
}

/** Of each register of configuration space what is needed to put it back; one entry where it is set several times. */
function entriesOf(
  assignments: readonly RegisterAssignment[],
  before: ReadonlyMap<RegisterAssignment, bigint>,
  configuration: ConfigurationNames | undefined,
): SetRegister[] {
  const entries = new Map<string, SetRegister>();
  for (const assignment of assignments) {
    const { target } = assignment;
    const held = before.get(assignment);
    if (held === undefined) continue;
    const { settable, clearing } = bitsToUndo(assignment, configuration);
    for (const { offset, width, keep, value } of partsOf(assignment)) {
      const shift = BigInt(offset - target.offset) * 8n;
      const narrow = (bits: bigint) => Number((bits >> shift) & allBits(width));
      if (width === 8 || narrow(settable) === 0) continue;
      const written = Number((BigInt(narrow(held)) & keep) | value);
      const mask = narrow(settable);
      const one = { name: target.name, offset, width, before: narrow(held), written, mask };
      const key = `${offset}/${width}`;
      const earlier = entries.get(key);
      const all = earlier === undefined ? mask : (earlier.mask | mask) >>> 0;
      const kept = Number(allBits(width)) & ~all & ~narrow(clearing);
      entries.set(key, { ...one, before: earlier?.before ?? one.before, mask: all, keep: kept >>> 0 });
    }
  }
  return [...entries.values()];
}

interface UndoBits {
  /** Put back. */
  readonly settable: bigint;
  /** A written 1, or a write, does something to them. */
  readonly clearing: bigint;
}

function bitsToUndo(
  { target, fields }: RegisterAssignment,
  configuration: ConfigurationNames | undefined,
): UndoBits {
  const { shape, offset } = target;
  if (shape.configuration === undefined) {
    const known = configuration?.bitsAt(offset, shape.register.width);
    return known ?? { settable: allBits(shape.register.width), clearing: 0n };
  }
  const named = fields.length === 0 ? shape.register.fields : fields.map(({ field }) => field);
  const bits = (of: readonly Field[]) => of.reduce((all, field) => all | bitsOf(field), 0n);
  return {
    settable: shape.configuration.window === true ? 0n : bits(named.filter(({ access }) => access === 'rw')),
    clearing: bits(shape.register.fields.filter(({ access }) => !['rw', 'ro', 'rsvdp'].includes(access))),
  };
}

function partsOf({ target, write, fields }: RegisterAssignment): readonly WritePart[] {
  const named = fields.reduce((all, { field }) => all | bitsOf(field), 0n);
  return writeParts(target, write, fields.length === 0 ? allBits(target.shape.register.width) : named);
}

/** One request: what was there, the write, and what is there then. */
async function make(run: RunAccesses, assignment: RegisterAssignment): Promise<RegisterChange> {
  const { target } = assignment;
  const writes = partsOf(assignment).map((part) => writeOf(target, part));
  const looks = isLookedAt(target) ? readsOf(target) : [];
  const [first] = writes;
  // An update reads by itself, and finds what was there.
  const finds = first?.kind === 'update' && first.width === target.shape.register.width;
  const found = await run([...(finds ? [] : looks), ...writes, ...looks]);
  if (looks.length === 0) return { assignment, before: finds ? found[0] : undefined, after: undefined };
  const before = finds ? found[0] : valueRead(found.slice(0, looks.length));
  return { assignment, before, after: valueRead(found.slice(found.length - looks.length)) };
}

/** Writes down what there is now. What is as it was before needs no undoing; what nobody could look at is kept. */
async function settle(
  run: RunAccesses,
  journal: SettingJournal,
  number: number,
  record: SettingRecord,
  isWhole: boolean,
): Promise<void> {
  let values: readonly (bigint | undefined)[];
  try {
    values = await run(
      record.registers.map(({ offset, width }) => ({ kind: 'read', space: 'config', offset, width })),
    );
  } catch {
    // What stopped the command is told by itself.
    return;
  }
  const registers = record.registers
    .map((each, index) => ({ ...each, after: Number(values[index] ?? 0n) }))
    .filter(({ before, after, mask }) => ((before ^ after) & mask) !== 0);
  const lost = isWhole ? record.lost : [];
  if (registers.length === 0 && lost.length === 0) journal.remove(number);
  else journal.replace(number, { ...record, registers, lost });
}
