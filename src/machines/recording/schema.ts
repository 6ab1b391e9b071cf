/** The shape of a recording's lines, checked: a recording may come from anywhere. */
import { z } from 'zod';
import { RECORDING_VERSION } from '../../function/recording/index.js';

const hex = z.string().regex(/^0x[0-9a-f]{1,16}$/, 'expected a number as 0x1f');
const count = z.int().min(0);
/** A buffer of more is no buffer of a program. */
const bytes = z.int().min(0).max(0x1_0000_0000);
const device = z.string().min(1);
const source = z.string().regex(/^(intx|msi\d{1,4}|msix\d{1,4})$/);
const region = z.int().min(0).max(255);
const width = z.literal([1, 2, 4, 8]);
const configWidth = z.literal([1, 2, 4]);
const method = z.literal(['device_specific', 'acpi', 'flr', 'af_flr', 'pm', 'bus', 'cxl_bus']);
const nothing = z.null().optional();
const refused = z
  .object({
    code: z.string(),
    message: z.string(),
    evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
    next: z.string(),
  })
  .optional();

const regionInfo = z.object({
  index: region,
  kind: z.literal(['memory', 'io']),
  size: z.number().min(1),
  address: hex,
  prefetchable: z.boolean(),
  wide: z.boolean(),
});

const available = z.object({ intx: count, msi: count, msix: count });

const inventory = z.object({
  op: z.literal('inventory'),
  functions: z.array(
    z.object({
      address: z.string(),
      vendor: count,
      device: count,
      subsystemVendor: count.optional(),
      subsystemDevice: count.optional(),
      classCode: count,
      revision: count,
      headerType: count,
      driver: z.string().optional(),
      iommuGroup: count.optional(),
      unreadable: z.array(z.object({ what: z.string(), why: z.string() })),
    }),
  ),
  platform: z
    .array(
      z.object({
        name: device,
        model: z.string(),
        regions: z.array(regionInfo),
        interruptLines: z.array(count),
      }),
    )
    .optional(),
});

function question<Shape extends z.core.$ZodLooseShape, Answer extends z.ZodType>(
  op: string,
  shape: Shape,
  is: Answer,
) {
  return z.object({ op: z.literal(op), ...shape, is: is.optional(), refused });
}

const access = { device, region, offset: hex, width };
const configAccess = { device, offset: hex, width: configWidth };
const interrupt = { device, source };

const facts = z.object({
  regions: z.array(regionInfo),
  resetMethods: z.array(method),
  interrupts: available.nullable(),
  dma: z.boolean(),
  configSize: z.literal([64, 128, 256, 4096]).nullable(),
  interruptLine: count.nullable(),
});

export const entrySchema = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('recording'),
    version: z.literal(RECORDING_VERSION),
    machine: z.string(),
    capabilities: z.object({
      configWrite: z.boolean(),
      memoryRegions: z.boolean(),
      ioRegions: z.boolean(),
      interrupts: z.boolean(),
      dma: z.boolean(),
      reset: z.boolean(),
      iommuGroups: z.boolean(),
      machineFrames: z.boolean(),
    }),
  }),
  inventory,
  question('open', { device }, facts),
  question('close', { device }, nothing),
  question('config.read', configAccess, hex),
  question('config.write', { ...configAccess, value: hex }, nothing),
  question('enable', { device, on: z.boolean() }, nothing),
  question('region.open', { device, region }, nothing),
  question('region.close', { device, region }, nothing),
  question('read', access, hex),
  question('write', { ...access, value: hex }, nothing),
  question('interrupt.open', interrupt, nothing),
  question('interrupt.next', interrupt, nothing),
  question('interrupt.wait', interrupt, count),
  question('interrupt.close', interrupt, nothing),
  question('reset', { device }, nothing),
  question(
    'dma.allocate',
    {
      device,
      buffer: count,
      bytes: z.number(),
      constraints: z
        .object({
          alignment: z.number().optional(),
          boundary: z.number().optional(),
          highest: hex.optional(),
          segments: z.number().optional(),
          segmentBytes: z.number().optional(),
        })
        .optional(),
    },
    nothing,
  ),
  question('dma.free', { buffer: count }, nothing),
  question(
    'memory.program',
    { buffer: count, extents: z.array(z.object({ at: bytes, bytes, crc: hex })) },
    nothing,
  ),
  z.object({ op: z.literal('interrupt'), ...interrupt, count }),
  z.object({ op: z.literal('interrupt.end'), ...interrupt }),
  z.object({ op: z.literal('memory.device'), buffer: count, at: bytes, data: z.base64() }),
  z.object({ op: z.literal('reset.done'), device, method: method.optional(), refused }),
  z.object({
    op: z.literal('dma.allocated'),
    buffer: count,
    size: bytes.optional(),
    iova: hex.optional(),
    segments: z.array(z.object({ iova: hex, bytes })).optional(),
    refused,
  }),
  z.object({ op: z.literal('fault'), device, access: z.string(), iova: hex, why: z.string() }),
  z.object({ op: z.literal('end') }),
]);
