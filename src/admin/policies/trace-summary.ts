/** What a trace comes to: for each function the fields that its driver asked to change, how often, and with what success. */
import { hexNumber, type Field } from '../../pci/index.js';
import { AccessReader, type AccessReading, type AskedChange, type NamedField } from './access-reading.js';
import type { TraceAnswer, TracedFunctionData } from './guest-traces.js';

/** A field that the guest asked to change. */
export interface WrittenField {
  readonly name: string;
  readonly named: NamedField | undefined;
  /** Writes that asked for a change of it. */
  readonly writes: number;
  /** Those of them that the policy dropped. */
  readonly refused: number;
  /** Milliseconds from the start of the trace to the first one. */
  readonly first: number;
  /** What it held before the first one; undefined where that was lost. */
  readonly from: number | undefined;
  /** The values in the order in which they first came, {@link MOST_VALUES} at most. */
  readonly values: readonly number[];
}

/** Values of one field that are told; a counter would have no end. */
const MOST_VALUES = 6;

export class FunctionActivity {
  readonly function: TracedFunctionData;
  readonly reader: AccessReader;
  readonly #written = new Map<string, WrittenField>();
  reads = 0;
  writes = 0;

  constructor(fn: TracedFunctionData) {
    this.function = fn;
    this.reader = new AccessReader(Buffer.from(fn.config, 'base64'));
  }

  /** In the order of the first write of each. */
  get written(): readonly WrittenField[] {
    return [...this.#written.values()];
  }

  add(access: TraceAnswer['accesses'][number]): AccessReading {
    if (access.kind === 'read') this.reads++;
    else this.writes++;
    const reading = this.reader.read(access);
    for (const change of reading.changes) this.#count(change, access.milliseconds);
    return reading;
  }

  #count({ name, named, from, to, refused }: AskedChange, milliseconds: number): void {
    const before = this.#written.get(name) ?? {
      name,
      named,
      writes: 0,
      refused: 0,
      first: milliseconds,
      from,
      values: [],
    };
    const isTold = before.values.includes(to) || before.values.length === MOST_VALUES;
    this.#written.set(name, {
      ...before,
      writes: before.writes + 1,
      refused: before.refused + (refused ? 1 : 0),
      values: isTold ? before.values : [...before.values, to],
    });
  }
}

export class TraceSummary {
  readonly #functions: FunctionActivity[] = [];
  #lost = 0;

  get functions(): readonly FunctionActivity[] {
    return this.#functions;
  }

  /** Accesses that nobody fetched in time. */
  get lost(): number {
    return this.#lost;
  }

  /** Goes on with the next part of the trace. @returns its accesses as they read, with their functions. */
  add({ functions, accesses, lost }: Pick<TraceAnswer, 'functions' | 'accesses' | 'lost'>): readonly {
    readonly of: FunctionActivity;
    readonly reading: AccessReading;
  }[] {
    for (const fn of functions) this.#functions.push(new FunctionActivity(fn));
    if (lost > 0) {
      this.#lost += lost;
      for (const { reader } of this.#functions) reader.forget();
    }
    return accesses.flatMap((access) => {
      const of = this.#functions[access.function];
      return of === undefined ? [] : [{ of, reading: of.add(access) }];
    });
  }
}

/** A value as a person reads it: `on`, `512 bytes`, `D0`. */
export function fieldWord(field: Field | undefined, raw: number): string {
  if (field === undefined) return hexNumber(raw);
  const { show } = field;
  switch (show.kind) {
    case 'flag':
      return raw === 0 ? 'off' : 'on';
    case 'number':
      return `${raw * (show.times ?? 1) + (show.plus ?? 0)}${show.unit === undefined ? '' : ` ${show.unit}`}`;
    case 'hex':
      return hexNumber(raw * 2 ** (show.shift ?? 0));
    case 'values':
      return show.values[raw] ?? String(raw);
    case 'power2':
      return `${show.base * 2 ** raw} ${show.unit}`;
  }
}

/** `128 bytes -> 512 bytes, 4096 bytes`. */
export function valuesText({ named, from, values }: Pick<WrittenField, 'named' | 'from' | 'values'>): string {
  const field = named?.field;
  const to = values.map((value) => fieldWord(field, value)).join(', ');
  return `${from === undefined ? '?' : fieldWord(field, from)} -> ${to}${values.length === MOST_VALUES ? ', …' : ''}`;
}
