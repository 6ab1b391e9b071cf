/** The form of a register map as data, and what is wrong with one that does not fit, with its place and the nearest name. */
import { z } from 'zod';
import {
  didYouMean,
  REGISTER_SPACES,
  type Access,
  type DeviceMatch,
  type FieldKind,
} from '../../pci/index.js';
import type { Path } from './map-text.js';

const MOST_REGISTERS = 8192;

const number = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^(0x[0-9a-f]+|[0-9]+)$/i, 'expected a number, such as 32 or "0x20"')
    .transform(Number)
    .pipe(z.int().min(0)),
]);

const bitRange = z.union([
  z
    .int()
    .min(0)
    .max(63)
    .transform((bit) => ({ high: bit, low: bit })),
  z
    .string()
    .regex(/^\d{1,2}(:\d{1,2})?$/, 'expected bits as "7:0", or "7" for one')
    .transform((text) => {
      const [high = 0, low = high] = text.split(':').map(Number);
      return { high, low };
    }),
]);

const access = z.enum(['ro', 'rw', 'w1c', 'rc', 'wo', 'rsvdp', 'rsvdz'] satisfies readonly Access[]);

const names = z.union([
  z.array(z.string()).transform((list) => ({ ...list })),
  z
    .record(z.string().regex(/^(0x[0-9a-f]+|\d+)$/i, 'expected a number'), z.string())
    .transform((given) =>
      Object.fromEntries(Object.entries(given).map(([raw, name]) => [Number(raw), name])),
    ),
]);

const show = z.union([
  z.enum(['flag', 'number', 'hex']).transform((kind): FieldKind => ({ kind })),
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('flag') }),
    z.strictObject({
      kind: z.literal('number'),
      unit: z.string().exactOptional(),
      times: z.number().positive().exactOptional(),
      plus: z.number().exactOptional(),
    }),
    z.strictObject({ kind: z.literal('hex'), shift: z.int().min(0).max(63).exactOptional() }),
    z.strictObject({ kind: z.literal('values'), values: names }),
    z.strictObject({ kind: z.literal('power2'), base: z.number().positive(), unit: z.string() }),
  ]),
]);

const fieldShape = {
  name: z.string(),
  title: z.string().exactOptional(),
  bits: bitRange,
  access: access.exactOptional(),
  sticky: z.boolean().exactOptional(),
  show: show.exactOptional(),
  /** Short for `show`. */
  values: names.exactOptional(),
};

const registerShape = {
  name: z.string(),
  title: z.string().exactOptional(),
  offset: number,
  /** Bytes. */
  width: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]).default(4),
  /** Of the register without fields, and of every field that says none. */
  access: access.default('ro'),
  fields: z.array(z.strictObject(fieldShape)).max(64).exactOptional(),
  /** For a register without fields: all bits where absent. */
  bits: bitRange.exactOptional(),
  sticky: fieldShape.sticky,
  show: fieldShape.show,
  values: fieldShape.values,
  count: z.int().exactOptional(),
  stride: number.exactOptional(),
};

const device = z
  .string()
  .regex(
    /^([0-9a-f]{4}:[0-9a-f]{4}|class:[0-9a-f]{6})$/i,
    'expected "VENDOR:DEVICE" or "class:CCSSPP", hexadecimal',
  )
  .transform((text): DeviceMatch => {
    const [first = '', second = ''] = text.split(':');
    if (first === 'class') return { classCode: parseInt(second, 16) };
    return { vendor: parseInt(first, 16), device: parseInt(second, 16) };
  });

const mapShape = {
  name: z.string(),
  title: z.string().exactOptional(),
  source: z.string().exactOptional(),
  space: z.enum(REGISTER_SPACES),
  devices: z.array(device).default([]),
  registers: z.array(z.strictObject(registerShape)).max(MOST_REGISTERS),
};

/** A map as text has it, and what it becomes once checked. */
export const mapForm = z.strictObject(mapShape);

export type RegisterForm = z.output<typeof mapForm>['registers'][number];
export type FieldForm = NonNullable<RegisterForm['fields']>[number];

/** A fault: where it is, and its words for the value that has it. */
export function faultOf(issue: z.core.$ZodIssue | undefined): {
  readonly path: Path;
  readonly why: (value: unknown) => string;
  readonly next: (value: unknown) => string;
} {
  if (issue === undefined) return { path: [], why: () => 'it does not fit', next: () => '' };
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    return {
      path: [...issue.path, key],
      why: () => 'nothing has this name here',
      next: () => didYouMean(key, keysAt(issue.path)),
    };
  }
  if (issue.code === 'invalid_value') {
    const known = issue.values.map(String);
    return {
      path: issue.path,
      why: () => `expected ${known.join(', ')}`,
      next: (value) => didYouMean(String(partOf(value, issue.path)), known),
    };
  }
  if (issue.code === 'invalid_union') {
    // The way that came furthest is the one that was meant.
    const deepest = issue.errors
      .flat()
      .filter(({ code }) => code !== 'invalid_type')
      .sort((a, b) => b.path.length - a.path.length)[0];
    const inner = faultOf(deepest ?? issue.errors.flat()[0]);
    const at = (value: unknown) => partOf(value, issue.path);
    return {
      path: [...issue.path, ...inner.path],
      why: (value) => inner.why(at(value)),
      next: (value) => inner.next(at(value)),
    };
  }
  return { path: issue.path, why: () => issue.message, next: () => '' };
}

function partOf(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, key) =>
      typeof part === 'object' && part !== null ? (part as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

function keysAt(path: Path): readonly string[] {
  if (path.length === 0) return Object.keys(mapShape);
  if (path.includes('show')) return ['kind', 'unit', 'times', 'plus', 'shift', 'values', 'base'];
  return Object.keys(path.includes('fields') ? fieldShape : registerShape);
}
