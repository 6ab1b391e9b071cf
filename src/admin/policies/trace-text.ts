/** A trace as text: one JSON object a line, the guest first, then its functions and accesses as they came. */
import { z } from 'zod';
import { ACCESS_OUTCOMES } from '../../pciback/index.js';
import { messageOf, OpenslotError } from '../../pci/index.js';
import type { TraceAnswer } from './guest-traces.js';

const word = z.int().min(0).max(0xffff_ffff);

const ids = z.string().regex(/^[0-9a-f]{4}:[0-9a-f]{4}$/);

const HEAD = z.strictObject({
  trace: z.literal(1),
  machine: z.string(),
  guest: z.strictObject({ domain: z.int().min(0), name: z.string() }),
});

const BODY = z.union([
  z.strictObject({
    function: z.strictObject({
      address: z.string(),
      virtual: z.string(),
      device: ids,
      subsystem: ids.optional(),
      config: z.base64(),
      policy: z.string(),
      fromTheStart: z.boolean(),
    }),
  }),
  z.strictObject({
    access: z.strictObject({
      number: z.int().min(0),
      milliseconds: z.number().min(0),
      function: z.int().min(0),
      kind: z.enum(['read', 'write']),
      offset: z.int().min(0).max(4095),
      width: z.union([z.literal(1), z.literal(2), z.literal(4)]),
      value: word,
      takes: word,
      outcome: z.enum(ACCESS_OUTCOMES),
    }),
  }),
  z.strictObject({ lost: z.int().positive() }),
]);

/** What is known of the guest of a trace before its first access. */
export type TraceHead = z.output<typeof HEAD>;

/** Part of a trace, in its order: what was lost before the functions and accesses of the same part. */
export type TracePart = Pick<TraceAnswer, 'functions' | 'accesses' | 'lost'>;

/** A saved trace is not what `openslot trace --save` writes. */
export class TraceMalformedError extends OpenslotError {
  readonly code = 'TRACE_MALFORMED';
  constructor(file: string, line: number, why: string, options?: ErrorOptions) {
    super(
      `${file}, line ${line}: ${why}`,
      { file, line, why },
      'write one: openslot trace GUEST --save FILE',
      options,
    );
  }
}

/** The first line, with its end. */
export function traceHead(machine: string, guest: TraceHead['guest']): string {
  return `${JSON.stringify({ trace: 1, machine, guest } satisfies z.input<typeof HEAD>)}\n`;
}

/** The lines of a part, each with its end; none for a part in which nothing happened. */
export function traceLines({ functions, accesses, lost }: TracePart): string {
  const lines: object[] = [
    ...(lost === 0 ? [] : [{ lost }]),
    ...functions.map((fn) => ({ function: fn })),
    ...accesses.map((access) => ({ access })),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/**
 * What {@link traceHead} and {@link traceLines} have written. A last line without an end was cut off, and is left away.
 * @param file name of it, for errors.
 * @throws {TraceMalformedError}
 */
export function parseTrace(
  text: string,
  file: string,
): { readonly head: TraceHead; readonly parts: readonly TracePart[] } {
  const [first = '', ...rest] = text.split('\n').slice(0, -1);
  const head = parsed(HEAD, first, file, 1);
  const parts: TracePart[] = [];
  let functions = 0;
  for (const [index, line] of rest.entries()) {
    const body = parsed(BODY, line, file, index + 2);
    const none = { functions: [], accesses: [], lost: 0 };
    if ('lost' in body) parts.push({ ...none, lost: body.lost });
    else if ('function' in body) {
      functions++;
      const { subsystem, ...fn } = body.function;
      parts.push({ ...none, functions: [{ ...fn, subsystem }] });
    } else {
      const { access } = body;
      if (access.function >= functions)
        throw new TraceMalformedError(file, index + 2, `there is no function ${access.function} before it`);
      if (access.offset % access.width !== 0)
        throw new TraceMalformedError(file, index + 2, 'an access stands at a multiple of its width');
      parts.push({ ...none, accesses: [access] });
    }
  }
  return { head, parts };
}

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  line: string,
  file: string,
  number: number,
): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new TraceMalformedError(file, number, `it is no JSON: ${messageOf(cause)}`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new TraceMalformedError(file, number, `${where}${issue?.message ?? 'it does not fit'}`);
}
