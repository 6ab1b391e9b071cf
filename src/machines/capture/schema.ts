/** The shape of a capture's file, checked: a capture may come from anywhere. `openslot schema capture` prints it. */
import { z } from 'zod';

/** The first words of the file: by them it is told from a dump, and from other JSON. */
export const CAPTURE_FORMAT = 'openslot capture';
/** Raised where a reader of the former shape would understand the new one wrongly. */
export const CAPTURE_VERSION = 1;

const LARGEST_CONFIG = 4096;
/** What its address register can reach (PCI Local Bus 3.0, appendix I). */
const LARGEST_VPD = 0x8000;

/** Their indices have 8 bits. */
const MOST_REGIONS = 256;

function bytes(most: number) {
  return z
    .string()
    .max(most * 2)
    .regex(/^([0-9a-f]{2})*$/, 'expected bytes, of two hexadecimal digits each');
}

const text = z.string().min(1);
const number = z.int().min(0);

const region = z
  .strictObject({
    index: z.int().min(0).max(255).describe('0 to 5: BAR; 6: expansion ROM'),
    kind: z.literal(['memory', 'io']),
    size: z.int().min(1).describe('bytes'),
    address: z
      .string()
      .regex(/^0x[0-9a-f]{1,16}$/, 'expected a number as 0x1f')
      .describe("on the host's bus; 0x0 where none is assigned"),
    prefetchable: z.boolean(),
    wide: z.boolean().describe('a memory BAR of 64 bits'),
  })
  .describe('a BAR or the expansion ROM');

const fn = z.strictObject({
  address: z
    .string()
    .regex(/^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/, 'expected an address as 0000:0a:00.0')
    .describe('domain, bus, device, function; hexadecimal'),
  config: bytes(LARGEST_CONFIG).describe('configuration space from 0 on, as far as it could be read'),
  regions: z.array(region).max(MOST_REGIONS).optional().describe('absent where only the registers are known'),
  driver: text.optional().describe('bound to it; absent where none was, or nobody knew'),
  modules: z.array(text).optional().describe('drivers of the host that say they can drive it'),
  interruptLine: number.optional().describe("the host's number of its INTx line"),
  numaNode: number.optional(),
  iommuGroup: number.optional(),
  label: text.optional().describe('what firmware calls it'),
  physicalSlot: text.optional().describe('name of the slot that its card is in'),
  resetMethods: z
    .array(z.literal(['device_specific', 'acpi', 'flr', 'af_flr', 'pm', 'bus', 'cxl_bus']))
    .optional()
    .describe('that worked, in the order of trial; absent where nobody knew'),
  vpd: bytes(LARGEST_VPD).optional().describe('vital product data from address 0 on'),
  pool: z
    .strictObject({ state: text, guest: text.optional().describe('that has it') })
    .optional()
    .describe("its state in openslot's pool; absent where it was in none"),
  unreadable: z
    .array(z.strictObject({ what: text, why: z.string() }))
    .optional()
    .describe('what could not be read, each with its reason'),
});

export const captureSchema = z
  .strictObject({
    format: z.literal(CAPTURE_FORMAT),
    version: z.literal(CAPTURE_VERSION),
    machine: text.describe('as its user names it: linux, sim'),
    taken: z.iso.datetime().optional().describe('absent where it was made of a dump, which does not tell'),
    redacted: z.array(text).optional().describe('what was taken out before it was written'),
    functions: z.array(fn).describe('in order of address'),
  })
  .meta({
    $id: 'urn:openslot:capture',
    title: 'openslot capture',
    description: 'The PCI functions of a machine as they were at one moment.',
  });

export type CaptureData = z.infer<typeof captureSchema>;
export type FunctionData = CaptureData['functions'][number];

/** The same shape as JSON Schema, 2020-12. */
export function captureJsonSchema(): object {
  return z.toJSONSchema(captureSchema);
}
