/** The parameters of each request, as data: what a client may send, and what it becomes once checked. */
import { z } from 'zod';
import { CLAIM_PURPOSES } from '../admin/claim-purpose.js';
import { FINDING_NAMES } from '../admin/findings/finding.js';
import { notations, OpenslotError, REGISTER_SPACES } from '../pci/index.js';
import { MOST_ACCESSES } from './requests.js';

/** A line is no request of this protocol. */
export class MalformedRequestError extends OpenslotError {
  readonly code = 'REQUEST_MALFORMED';
  constructor(why: string) {
    super(`the line is no request: ${why}`, { why }, 'send {"id": 1, "request": "pool"}');
  }
}

const address = z.string().transform((text) => notations.hex.parse(text));

/** A guest's name or domain id, as a person types it. */
const guest = z.string().min(1);

/** More than a guest's bus holds are a mistake. */
const MOST_SPECS = 256;

const specs = z
  .array(z.string().transform((text) => notations.xlSpec.parse(text)))
  .min(1)
  .max(MOST_SPECS);

/** 64 bits: JSON's numbers do not hold them. */
const word = z
  .string()
  // What is no number goes no further: the checks behind it are of numbers.
  .regex(/^0x[0-9a-f]{1,16}$/, { error: 'expected 0x and hexadecimal digits, 64 bits at most', abort: true })
  .transform(BigInt);

const place = {
  space: z.enum(REGISTER_SPACES),
  offset: z.int().min(0).max(0xffff_ffff),
  width: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
};

const operations = z
  .array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('read'), ...place, clears: z.boolean().exactOptional() }),
      z.strictObject({ kind: z.literal('write'), ...place, value: word }),
      z.strictObject({ kind: z.literal('update'), ...place, keep: word, value: word }),
    ]),
  )
  .refine(
    (list) => list.every((each) => each.kind === 'read' || each.value >> BigInt(each.width * 8) === 0n),
    'a value has more bits than its register',
  )
  .min(1)
  .max(MOST_ACCESSES);

/** What is done though it is not safe: kinds of findings, and functions that the host lives from. */
const permission = {
  allow: z.array(z.enum(FINDING_NAMES)).default([]),
  evenIfCritical: z.array(address).max(MOST_SPECS).default([]),
};

/** Functions that are changed as one. */
const addresses = z.array(address).min(1).max(MOST_SPECS);

const claim = z.strictObject({ addresses, purpose: z.enum(CLAIM_PURPOSES).exactOptional(), ...permission });
const release = z.strictObject({ addresses });

const adoption = z.strictObject({ giveBack: z.boolean().default(false) });

const attach = z.strictObject({
  guest,
  specs,
  force: z.boolean().default(false),
  ...permission,
  /** Its text, and the file that it is from. */
  policy: z.strictObject({ file: z.string(), text: z.string() }).exactOptional(),
});

/** Of each specification only what it names counts. */
const detach = z.strictObject({ guest, specs, force: z.boolean().default(false) });

const SCHEMAS = {
  pool: z.strictObject({}),
  functions: z.strictObject({}),
  platform: z.strictObject({}),
  inspect: z.strictObject({ address, vpd: z.boolean().default(false) }),
  registers: z.strictObject({
    address,
    operations,
    evenIfUsed: z.boolean().default(false),
    enable: z.boolean().default(false),
  }),
  claim,
  plan_claim: claim,
  /** What a claim would find, of functions that are claimed as well: for what hides them at the next boot. */
  examine_claim: z.strictObject({ addresses, purpose: z.enum(CLAIM_PURPOSES).exactOptional() }),
  release,
  plan_release: release,
  adopt: adoption,
  plan_adopt: adoption,
  unfinished: z.strictObject({}),
  recover: z.strictObject({ finish: z.boolean().default(false) }),
  findings: z.strictObject({ address }),
  guests: z.strictObject({}),
  attach,
  plan_attach: attach,
  detach,
  plan_detach: detach,
  policy: z.strictObject({ address }),
  /** Accesses from `after` on, and functions from index `functions` on. */
  trace: z.strictObject({
    guest,
    after: z.int().min(0).default(0),
    functions: z.int().min(0).default(0),
  }),
  guest_run: z.strictObject({
    file: z.string().min(1),
    arguments: z.array(z.string()).exactOptional(),
    name: z.string().exactOptional(),
    /** Bytes. */
    memory: z.number().int().positive().exactOptional(),
    paused: z.boolean().exactOptional(),
  }),
  guest_list: z.strictObject({}),
  guest_unpause: z.strictObject({ guest }),
  guest_shutdown: z.strictObject({ guest }),
  guest_destroy: z.strictObject({ guest }),
} as const;

export type RequestName = keyof typeof SCHEMAS;

/** What a client sends. */
export type RequestParameters<Name extends RequestName> = Readonly<z.input<(typeof SCHEMAS)[Name]>>;

/** What the owner's function gets. */
export type CheckedParameters<Name extends RequestName> = Readonly<z.output<(typeof SCHEMAS)[Name]>>;

/** One request with its parameters checked. */
export type CheckedRequest = {
  readonly [Name in RequestName]: {
    readonly id: number;
    readonly request: Name;
    readonly parameters: CheckedParameters<Name>;
  };
}[RequestName];

const LINE = z.object({
  id: z.number(),
  request: z.enum(Object.keys(SCHEMAS) as RequestName[]),
  parameters: z.unknown().optional(),
});

/** Line with an id that can be answered to, however wrong the rest is. */
const NUMBERED = z.object({ id: z.number() });

/** The id that an answer to the line must carry: 0 where it has none. */
export function requestId(line: unknown): number {
  const numbered = NUMBERED.safeParse(line);
  return numbered.success ? numbered.data.id : 0;
}

/** @throws {MalformedRequestError | OpenslotError} the latter from a notation: an address that is none. */
export function checkRequest(line: unknown): CheckedRequest {
  const { id, request, parameters } = checked(LINE, line, '');
  // The one place where a name and its own schema meet; the types of both come from SCHEMAS.
  return {
    id,
    request,
    parameters: checked(SCHEMAS[request], parameters ?? {}, 'parameters.'),
  } as CheckedRequest;
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, at: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const where = first === undefined || first.path.length === 0 ? '' : `${at}${first.path.join('.')}: `;
  throw new MalformedRequestError(`${where}${first?.message ?? 'it does not fit'}`);
}
