/** The shape of a machine description, checked: what is misspelt, missing or of the wrong type is named by its path. */
import { z } from 'zod';
import { VPD_BYTES } from '../../../pci/index.js';
import { MachineDescriptionError } from '../errors.js';
import { MEMORY_BASE, MEMORY_END } from '../host/memory.js';
import { PAGE_SIZE } from '../host/page.js';
import type { MachineDescription } from './description.js';
import { encodeVpd, LONGEST_VPD_FIELD, MADE_VPD_FIELDS, vpdTextBytes } from './encode-vpd.js';
import { hostUse } from './host-use-schema.js';
import { lineOf, pathText, type DescriptionPath } from './path.js';

const PORTS_END = 0x1_0000;
/** From here on ports are those of PCI. */
const LEGACY_PORTS_END = 0x1000;
const FOUR_GIGABYTES = 0x1_0000_0000;
const MEGABYTE = 0x10_0000;
const ADDRESS_BITS = 2 ** 52;

const name = z.string().min(1);

const dword = z.int().min(0).max(0xffff_ffff);

const fault = z.discriminatedUnion('fault', [
  z.strictObject({ fault: z.literal('hung_reset') }),
  z.strictObject({ fault: z.literal('unresponsive') }),
  z.strictObject({ fault: z.literal('removed') }),
  z.strictObject({
    fault: z.literal('interrupt_storm'),
    vector: z.int().min(0).max(2047).optional(),
    every: z.int().min(1000).optional(),
  }),
  z.strictObject({ fault: z.literal('wrong_dma'), offset: z.int() }),
  z.strictObject({
    fault: z.literal('uncorrectable'),
    error: name,
    header: z.tuple([dword, dword, dword, dword]).optional(),
  }),
  z.strictObject({ fault: z.literal('correctable'), error: name }),
  z.strictObject({ fault: z.literal('model'), name }),
]);

const productFields = z
  .record(
    z.string().regex(/^[0-9A-Z]{2}$/),
    z.string().refine((text) => vpdTextBytes(text) <= LONGEST_VPD_FIELD, {
      message: `a field has up to ${LONGEST_VPD_FIELD} bytes`,
    }),
    { error: ({ code }) => (code === 'invalid_key' ? 'a keyword is two capitals or digits' : undefined) },
  )
  .refine((fields) => MADE_VPD_FIELDS.every((keyword) => !(keyword in fields)), {
    message: `${MADE_VPD_FIELDS.join(' and ')} are made by the machine`,
  })
  .optional();

const functionShape = {
  driver: name.optional(),
  regions: z
    .record(
      z.string().regex(/^[0-5]$/, 'BARs are 0 to 5'),
      z.strictObject({ address: z.int().min(1).lt(ADDRESS_BITS) }),
    )
    .optional(),
  faults: z.array(fault).optional(),
  aer: z.boolean().optional(),
  dsn: z
    .string()
    .regex(/^[0-9a-f]{2}(-[0-9a-f]{2}){7}$/, 'expected eight bytes in hexadecimal with - between them')
    .optional(),
  label: name.optional(),
  uses: z.array(hostUse).optional(),
  vpd: z
    .strictObject({ name: name.optional(), readOnly: productFields, readWrite: productFields })
    .refine((given) => encodeVpd(given).length <= VPD_BYTES, {
      message: `vital product data has up to ${VPD_BYTES} bytes`,
    })
    .optional(),
};

function window(granule: number, end: number) {
  return z
    .strictObject({ base: z.int().min(0), limit: z.int().min(0).lt(end) })
    .refine(({ base, limit }) => base % granule === 0 && (limit + 1) % granule === 0 && base < limit, {
      message: `a window begins and ends at multiples of ${granule} bytes, its base below its limit`,
    })
    .optional();
}

const slotNumber = z
  .string({ error: 'expected text in quotes: device and function in hexadecimal, "1f.3" or "02"' })
  .regex(/^[01]?[0-9a-f](\.[0-7])?$/i, 'expected device and function in hexadecimal: "1f.3" or "02"');

const device = z.strictObject({
  slot: slotNumber,
  model: name,
  options: z.record(z.string(), z.unknown()).optional(),
  physicalSlot: name.optional(),
  ...functionShape,
  functions: z
    .record(z.string().regex(/^[0-7]$/, 'functions are 0 to 7'), z.strictObject(functionShape))
    .optional(),
});

const bridge = z.strictObject({
  slot: slotNumber,
  bridge: z.strictObject({
    secondary: z.int().min(1).max(255).optional(),
    aliases: z.boolean().optional(),
    memory: window(MEGABYTE, FOUR_GIGABYTES),
    prefetchable: window(MEGABYTE, ADDRESS_BITS),
    io: window(0x1000, PORTS_END),
  }),
  get bus() {
    return z.array(slot);
  },
});

/** The one of the two whose key is there, so that a refusal speaks of what was meant. */
const slot: z.ZodType = z.lazy(() =>
  z.looseObject({}).superRefine((value, context) => {
    const meant = 'bridge' in value ? bridge : device;
    for (const issue of meant.safeParse(value).error?.issues ?? []) {
      context.addIssue({ code: 'custom', message: issue.message, path: issue.path });
    }
  }),
);

const platformDevice = z
  .strictObject({
    model: name,
    ports: z.int().min(0).lt(LEGACY_PORTS_END).optional(),
    memory: z.int().min(0).lt(FOUR_GIGABYTES).optional(),
    line: z.int().min(0).max(15).optional(),
    options: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ ports, memory }) => (ports === undefined) !== (memory === undefined), {
    message: 'a platform device stands at ports or in memory: one of the two',
  });

const machine = z.strictObject({
  memory: z
    .int()
    .min(PAGE_SIZE)
    .max(MEMORY_END - MEMORY_BASE)
    .multipleOf(PAGE_SIZE)
    .optional(),
  iommu: z.boolean().optional(),
  lines: z.int().min(4).max(64).optional(),
  drivers: z.array(name).optional(),
  roots: z
    .array(
      z.strictObject({
        domain: z.int().min(0).max(0xffff).optional(),
        bus: z.int().min(0).max(255).optional(),
        numaNode: z.int().min(0).max(1023).optional(),
        slots: z.array(slot),
      }),
    )
    .min(1),
  platform: z.array(platformDevice).optional(),
});

/** Bridges in a row take two levels each, and there are no more than 255 buses to go down. */
export const DEEPEST = 600;
/** Values of all kinds in one description; a full domain has a tenth of it. */
const MOST_PARTS = 1_000_000;

/** Why a value is no description whatever it holds: what goes through it goes through all of it, level by level. */
function boundlessness(value: unknown): string | undefined {
  const left: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  let parts = 0;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (next.depth > DEEPEST) return `is more than ${DEEPEST} levels deep, or holds itself`;
    if (++parts > MOST_PARTS) return `has more than ${MOST_PARTS} parts`;
    // The contents of a disk are one value.
    if (typeof next.value !== 'object' || next.value === null || ArrayBuffer.isView(next.value)) continue;
    for (const part of Object.values(next.value)) left.push({ value: part, depth: next.depth + 1 });
  }
  return undefined;
}

/** @throws {MachineDescriptionError} with the first fault. */
export function checkDescription(value: unknown): MachineDescription {
  const why = boundlessness(value);
  if (why !== undefined) throw new MachineDescriptionError('the description', why);
  const result = machine.safeParse(value);
  const issue = result.error?.issues[0];
  if (issue !== undefined) {
    const path = issue.path.filter((part): part is string | number => typeof part !== 'symbol');
    throw refusal(value, path, issue.message);
  }
  // The schema changes nothing, so what was checked is what was given.
  return value as MachineDescription;
}

/** A refusal of one part of a description, with its line where the description came from text. */
export function refusal(
  description: unknown,
  path: DescriptionPath,
  why: string,
  next = '',
): MachineDescriptionError {
  return new MachineDescriptionError(pathText(path), why, next, lineOf(description, path));
}
