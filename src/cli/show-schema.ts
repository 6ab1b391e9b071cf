/** What `openslot show --json` prints, as a schema: published as docs/schemas/show.json. */
import { z } from 'zod';
import { FINDING_NAMES, SEVERITIES } from '../admin/findings/finding.js';

const hex = z
  .string()
  .regex(/^0x[0-9a-f]+$/)
  .describe('a number as text, hexadecimal: more bits than JSON keeps');
const address = z
  .string()
  .regex(/^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/)
  .describe('DDDD:BB:DD.F, hexadecimal');
const width = z.literal([1, 2, 4, 8]).describe('bytes');
const offset = z.int().min(0).describe('in configuration space, bytes');
const list = <Of extends z.ZodType>(of: Of) => z.array(of).readonly();

const field = z
  .strictObject({
    name: z.string().describe('dotted: capability, register, field; what openslot get and set take'),
    title: z.string(),
    low: z.int().min(0).max(63),
    high: z.int().min(0).max(63),
    access: z
      .enum(['ro', 'rw', 'w1c', 'rc', 'wo', 'rsvdp', 'rsvdz'])
      .describe('what software may do to it: PCI Express Base 6.0, 7.4'),
    sticky: z.boolean().describe('survives a reset of the function'),
    raw: z.union([z.int().min(0), hex]).describe('the bits as they are; text where there are more than 53'),
    value: z
      .union([z.boolean(), z.number(), z.string()])
      .describe('what they stand for: a flag, a number of `unit`, a name, or hexadecimal text'),
    unit: z.string().optional(),
  })
  .readonly()
  .meta({ id: 'field' });

const place = { name: z.string().describe('dotted'), title: z.string(), offset, width };

const register = z
  .discriminatedUnion('readable', [
    z.strictObject({ ...place, readable: z.literal(true), hex, fields: list(field) }).readonly(),
    z
      .strictObject({ ...place, readable: z.literal(false) })
      .readonly()
      .describe('lies past what can be read'),
  ])
  .meta({ id: 'register', description: 'a register of a table that the function has' });

const slot = { index: z.int().min(0).max(5), offset };

const bar = z.discriminatedUnion('kind', [
  z.strictObject({ ...slot, kind: z.literal('io'), width: z.literal(32), address: hex }).readonly(),
  z
    .strictObject({
      ...slot,
      kind: z.literal('memory'),
      width: z.literal([32, 64]),
      prefetchable: z.boolean(),
      belowOneMegabyte: z.boolean(),
      address: hex,
    })
    .readonly(),
  z.strictObject({ ...slot, kind: z.literal('empty') }).readonly(),
  z
    .strictObject({ ...slot, kind: z.literal('upper') })
    .readonly()
    .describe('upper half of the one before'),
  z.strictObject({ ...slot, kind: z.literal('invalid'), raw: z.int() }).readonly(),
]);

const capability = z
  .strictObject({
    list: z.enum(['standard', 'extended']),
    id: z.int().min(0).max(0xffff),
    name: z.string().optional().describe('short, where the id is known'),
    title: z.string().optional(),
    version: z.int().min(0).max(15).optional().describe('of the extended list'),
    offset,
    registers: list(register).describe('empty where the capability has no table'),
  })
  .readonly();

const damage = z.discriminatedUnion('code', [
  z
    .strictObject({
      code: z.enum(['CAPABILITY_LOOP', 'CAPABILITY_BROKEN', 'CAPABILITY_IN_HEADER', 'CAPABILITY_UNREADABLE']),
      list: z.enum(['standard', 'extended']),
      from: z.int().min(0),
      offset: z.int().min(0),
    })
    .readonly(),
  z.strictObject({ ...slot, code: z.enum(['BAR_UPPER_MISSING', 'BAR_TYPE_RESERVED']) }).readonly(),
  z.strictObject({ code: z.literal('FUNCTION_ABSENT') }).readonly(),
  z.strictObject({ code: z.literal('HEADER_UNKNOWN'), layout: z.int().min(0).max(127) }).readonly(),
  z
    .strictObject({
      code: z.literal('CAPABILITY_OVERLAP'),
      list: z.enum(['standard', 'extended']),
      offset: z.int().min(0),
    })
    .readonly()
    .describe('from the capability there on no registers are told'),
]);

const decoded = z
  .strictObject({
    class: z.string().optional(),
    header: list(register),
    bars: list(bar),
    rom: z.strictObject({ offset, enabled: z.boolean(), address: hex }).readonly().optional(),
    capabilities: list(capability),
    findings: list(damage).describe('what is broken in configuration space'),
  })
  .readonly();

const inData = z.int().min(0).describe('in vital product data, bytes');

const vpdField = z
  .strictObject({
    keyword: z.string().length(2),
    title: z.string(),
    kind: z.enum(['text', 'binary', 'checksum', 'free']),
    offset: inData,
    length: z
      .int()
      .min(0)
      .max(255)
      .describe('bytes, as the field says; where the data ends early `hex` has fewer'),
    hex: z
      .string()
      .regex(/^([0-9a-f]{2})*$/)
      .describe('its bytes in order, two digits each'),
    text: z.string().optional().describe('of a field of text'),
  })
  .readonly();

const vpdFinding = z.discriminatedUnion('code', [
  z
    .strictObject({
      code: z.enum(['VPD_END_MISSING', 'VPD_RESOURCE_CUT', 'VPD_CHECKSUM_WRONG']),
      offset: inData,
    })
    .readonly(),
  z
    .strictObject({
      code: z.literal('VPD_RESOURCE_UNKNOWN'),
      offset: inData,
      size: z.enum(['large', 'small']),
      type: z.int().min(0).max(127),
    })
    .readonly(),
  z.strictObject({ code: z.literal('VPD_FIELD_CUT'), offset: inData, end: inData }).readonly(),
]);

const vpd = z
  .strictObject({
    resources: list(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('name'), offset: inData, text: z.string() }).readonly(),
        z
          .strictObject({ kind: z.enum(['read_only', 'read_write']), offset: inData, fields: list(vpdField) })
          .readonly(),
      ]),
    ),
    length: z.int().min(0).describe('bytes up to the end tag'),
    findings: list(vpdFinding).describe('what is broken in the data'),
  })
  .readonly();

const summary = z
  .strictObject({
    address,
    vendor: z.int().min(0).max(0xffff),
    device: z.int().min(0).max(0xffff),
    subsystemVendor: z.int().min(0).max(0xffff).optional(),
    subsystemDevice: z.int().min(0).max(0xffff).optional(),
    classCode: z.int().min(0).max(0xff_ffff).describe('base class, subclass, programming interface'),
    revision: z.int().min(0).max(255),
    headerType: z.int().min(0).max(127),
    driver: z.string().optional(),
    iommuGroup: z.int().min(0).optional(),
    unreadable: list(z.strictObject({ what: z.string(), why: z.string() }).readonly()),
  })
  .readonly();

const region = z
  .strictObject({
    index: z.int().min(0).max(6).describe('0 to 5 of a BAR, 6 of the expansion ROM'),
    kind: z.enum(['memory', 'io']),
    size: z.number().min(0).describe('bytes'),
    address: hex,
    prefetchable: z.boolean(),
    wide: z.boolean().describe('a memory BAR of 64 bits'),
  })
  .readonly();

const evidence = z.union([z.string(), z.number(), z.boolean(), list(z.string())]);

const finding = z
  .strictObject({
    code: z.enum(FINDING_NAMES),
    address,
    severity: z.enum(SEVERITIES),
    message: z.string(),
    why: z.string(),
    next: z.string(),
    evidence: z.record(z.string(), evidence).readonly(),
  })
  .readonly();

export const showSchema = z
  .strictObject({
    address,
    summary: summary.optional(),
    regions: list(region),
    resetMethods: list(z.enum(['device_specific', 'acpi', 'flr', 'af_flr', 'pm', 'bus', 'cxl_bus'])),
    interruptLine: z.int().min(0).optional(),
    decoded,
    vpd: vpd
      .optional()
      .describe('vital product data, decoded; absent where there is none, or summary.unreadable says why'),
    findings: list(finding).describe('what it shares with others and lacks, for who gives it away'),
    names: z
      .strictObject({ name: z.string().nullable(), subsystemName: z.string().nullable() })
      .readonly()
      .optional()
      .describe('of pci.ids, null where it has none; absent with --numeric'),
    givenName: z.string().optional().describe('by openslot name, where the named device is certainly there'),
  })
  .readonly()
  .meta({
    $id: 'urn:openslot:show',
    title: 'openslot show --json',
    description: 'One PCI function: what the host knows of it, and its configuration space decoded.',
  });

/** A function as it is printed. */
export type ShownFunction = z.output<typeof showSchema>;

/** JSON Schema, 2020-12. */
export function showJsonSchema(): object {
  return z.toJSONSchema(showSchema, {
    // That the program does not change it says nothing to a reader.
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
    },
  });
}
