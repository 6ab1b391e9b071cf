/** VFIO's and iommufd's structures: beside the C header where a compiler is, and what the kernel answers, read back. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  allocateIoas,
  attachIoas,
  bindIommufd,
  IommufdRequest,
  iovaRanges,
  mapIoas,
  parseIovaRanges,
  unmapIoas,
} from '../../../src/machines/linux/vfio/iommufd-requests.js';
import {
  dependentCount,
  deviceInfo,
  disableInterrupts,
  groupStatus,
  hotReset,
  hotResetInfo,
  interruptInfo,
  iommuInfo,
  mapDma,
  parseHotResetInfo,
  parseInterruptInfo,
  parseIommuInfo,
  parseRegionInfo,
  regionInfo,
  Request,
  setCounters,
  unmapDma,
  unmaskPin,
} from '../../../src/machines/linux/vfio/requests.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Each request with the C that fills the same structure, and its number where it is of VFIO. */
const STRUCTURES: readonly {
  readonly type: string;
  readonly fill: string;
  readonly bytes: Uint8Array;
  readonly request?: readonly [string, number];
}[] = [
  {
    type: 'vfio_group_status',
    fill: '',
    bytes: groupStatus(),
    request: ['VFIO_GROUP_GET_STATUS', Request.groupStatus],
  },
  {
    type: 'vfio_region_info',
    fill: 's.index = 5;',
    bytes: regionInfo(5),
    request: ['VFIO_DEVICE_GET_REGION_INFO', Request.regionInfo],
  },
  {
    type: 'vfio_irq_info',
    fill: 's.index = VFIO_PCI_MSIX_IRQ_INDEX;',
    bytes: interruptInfo(2),
    request: ['VFIO_DEVICE_GET_IRQ_INFO', Request.interruptInfo],
  },
  {
    type: 'vfio_iommu_type1_dma_map',
    fill: 's.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE; s.vaddr = 0x7f0000001000; s.iova = 0x100000; s.size = 0x3000;',
    bytes: mapDma(0x7f00_0000_1000n, 0x10_0000n, 0x3000),
    request: ['VFIO_IOMMU_MAP_DMA', Request.mapDma],
  },
  {
    type: 'vfio_iommu_type1_dma_unmap',
    fill: 's.iova = 0x100000; s.size = 0x3000;',
    bytes: unmapDma(0x10_0000n, 0x3000),
    request: ['VFIO_IOMMU_UNMAP_DMA', Request.unmapDma],
  },
];

/** Requests whose structure ends in an array, or that have none. */
const NUMBERS: readonly (readonly [string, number])[] = [
  ['VFIO_GET_API_VERSION', Request.getApiVersion],
  ['VFIO_CHECK_EXTENSION', Request.checkExtension],
  ['VFIO_SET_IOMMU', Request.setIommu],
  ['VFIO_GROUP_SET_CONTAINER', Request.setContainer],
  ['VFIO_GROUP_GET_DEVICE_FD', Request.getDevice],
  ['VFIO_DEVICE_GET_INFO', Request.deviceInfo],
  ['VFIO_DEVICE_SET_IRQS', Request.setInterrupts],
  ['VFIO_DEVICE_RESET', Request.reset],
  ['VFIO_DEVICE_GET_PCI_HOT_RESET_INFO', Request.hotResetInfo],
  ['VFIO_DEVICE_PCI_HOT_RESET', Request.hotReset],
  ['VFIO_IOMMU_GET_INFO', Request.iommuInfo],
];

test('requests and structures are those of the C header', (context) => {
  if (!existsSync('/usr/include/linux/vfio.h') || spawnSync('gcc', ['--version']).status !== 0) {
    context.skip('left out: gcc or linux/vfio.h is not installed');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'openslot-vfio-'));
  try {
    const parts = STRUCTURES.map(
      ({ type, fill }) =>
        `{ struct ${type} s; memset(&s, 0, sizeof s); s.argsz = sizeof s; ${fill} show(&s, sizeof s); }`,
    );
    const numbers = [
      ...NUMBERS,
      ...STRUCTURES.flatMap(({ request }) => (request === undefined ? [] : [request])),
    ];
    const source = `#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/vfio.h>
static void show(const void *at, size_t size) {
  for (size_t i = 0; i < size; i++) printf("%02x", ((const unsigned char *)at)[i]);
  puts("");
}
int main(void) {
  ${parts.join('\n  ')}
  ${numbers.map(([name]) => `printf("%lu\\n", (unsigned long)${name});`).join('\n  ')}
  return 0;
}
`;
    writeFileSync(join(folder, 'shape.c'), source);
    execFileSync('gcc', ['-o', join(folder, 'shape'), join(folder, 'shape.c')]);
    const lines = execFileSync(join(folder, 'shape'), { encoding: 'utf8' }).trim().split('\n');
    assert.deepEqual(lines, [
      ...STRUCTURES.map(({ bytes }) => hex(bytes)),
      ...numbers.map(([, number]) => String(number)),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('structures that end in an array', () => {
  assert.equal(hex(deviceInfo()), `10000000${'00'.repeat(12)}`);
  // argsz 28, EVENTFD | TRIGGER, MSI-X, from vector 3: 7 and none.
  assert.equal(
    hex(setCounters(2, 3, [7, -1])),
    '1c00000024000000020000000300000002000000' + '07000000ffffffff',
  );
  // NONE | TRIGGER, nothing: all of MSI off.
  assert.equal(hex(disableInterrupts(1)), '1400000021000000010000000000000000000000');
  // NONE | UNMASK, the one pin.
  assert.equal(hex(unmaskPin()), '1400000011000000000000000000000001000000');
  assert.equal(hex(hotReset([9, 8])), '140000000000000002000000' + '0900000008000000');
});

test('iommufd: sizes, flags and places of the fields', () => {
  assert.deepEqual(IommufdRequest, { allocateIoas: 0x3b81, iovaRanges: 0x3b84, map: 0x3b85, unmap: 0x3b86 });
  assert.equal(hex(bindIommufd(5)), '10000000000000000500000000000000');
  assert.equal(hex(attachIoas(3)), '0c0000000000000003000000');
  assert.equal(hex(allocateIoas()), '0c0000000000000000000000');
  assert.equal(
    hex(iovaRanges(3, 0x1234n, 2)),
    '2000000003000000' + '0200000000000000' + '3412000000000000' + '00'.repeat(8),
  );
  assert.equal(
    hex(mapIoas(3, 0x7000n, 0x10_0000n, 0x2000)),
    '280000000700000003000000' + '00000000' + '0070000000000000' + '0020000000000000' + '0000100000000000',
  );
  assert.equal(
    hex(unmapIoas(3, 0x10_0000n, 0x2000)),
    '1800000003000000' + '0000100000000000' + '0020000000000000',
  );
  const memory = new Uint8Array(
    new BigUint64Array([0n, 0xfedf_ffffn, 0xfef0_0000n, (1n << 64n) - 1n]).buffer,
  );
  assert.deepEqual(parseIovaRanges(memory, 2), [
    { first: 0n, last: 0xfedf_ffffn },
    { first: 0xfef0_0000n, last: (1n << 64n) - 1n },
  ]);
});

/** A region's description as the kernel writes it: flags, size, offset, and capabilities behind it. */
function region(
  flags: number,
  size: bigint,
  offset: bigint,
  capabilities: readonly Buffer[] = [],
): Uint8Array {
  const head = Buffer.alloc(32);
  let at = 32;
  const chained = capabilities.map((capability, index) => {
    const copy = Buffer.from(capability);
    const next = index + 1 < capabilities.length ? at + copy.length : 0;
    copy.writeUInt32LE(next, 4);
    at += copy.length;
    return copy;
  });
  head.writeUInt32LE(at, 0);
  head.writeUInt32LE(flags, 4);
  head.writeUInt32LE(capabilities.length === 0 ? 0 : 32, 12);
  head.writeBigUInt64LE(size, 16);
  head.writeBigUInt64LE(offset, 24);
  return Buffer.concat([head, ...chained]);
}

const MSIX_MAPPABLE = Buffer.from('0300010000000000', 'hex');

function sparse(...areas: readonly (readonly [bigint, bigint])[]): Buffer {
  const bytes = Buffer.alloc(16 + 16 * areas.length);
  bytes.writeUInt16LE(1, 0);
  bytes.writeUInt16LE(1, 2);
  bytes.writeUInt32LE(areas.length, 8);
  for (const [index, [offset, size]] of areas.entries()) {
    bytes.writeBigUInt64LE(offset, 16 + 16 * index);
    bytes.writeBigUInt64LE(size, 24 + 16 * index);
  }
  return bytes;
}

describe('what the kernel says of a region', () => {
  test('edu’s BAR and its configuration space, as they were seen', () => {
    assert.deepEqual(parseRegionInfo(region(7, 0x10_0000n, 0n)), {
      readable: true,
      writable: true,
      size: 0x10_0000,
      offset: 0,
      mappable: [{ offset: 0, size: 0x10_0000 }],
    });
    const config = parseRegionInfo(region(3, 0x100n, 7n << 40n));
    assert.deepEqual([config.offset, config.mappable], [0x700_0000_0000, []]);
  });

  test('a table of MSI-X that may be mapped changes nothing; one that may not leaves a hole', () => {
    const whole = [{ offset: 0, size: 0x4000 }];
    assert.deepEqual(parseRegionInfo(region(15, 0x4000n, 0n, [MSIX_MAPPABLE])).mappable, whole);
    const areas = sparse([0n, 0x2000n], [0x3000n, 0x1000n]);
    const holed = [
      { offset: 0, size: 0x2000 },
      { offset: 0x3000, size: 0x1000 },
    ];
    assert.deepEqual(parseRegionInfo(region(15, 0x4000n, 0n, [areas])).mappable, holed);
    assert.deepEqual(parseRegionInfo(region(15, 0x4000n, 0n, [MSIX_MAPPABLE, areas])).mappable, holed);
    assert.deepEqual(parseRegionInfo(region(15, 0x1000n, 0n, [sparse([0n, 0n])])).mappable, []);
  });

  test('a list of capabilities that leads back, or out, ends', () => {
    const back = region(15, 0x4000n, 0n, [MSIX_MAPPABLE]);
    new DataView(back.buffer, back.byteOffset).setUint32(36, 32, true);
    assert.deepEqual(parseRegionInfo(back).mappable, [{ offset: 0, size: 0x4000 }]);
    const out = region(15, 0x4000n, 0n, [MSIX_MAPPABLE]);
    new DataView(out.buffer, out.byteOffset).setUint32(36, 4096, true);
    assert.deepEqual(parseRegionInfo(out).mappable, [{ offset: 0, size: 0x4000 }]);
  });
});

test('what it says of interrupts: NVMe’s MSI-X under a kernel that does not let it grow', () => {
  const bytes = Buffer.from('10000000090000000200000041000000', 'hex');
  assert.deepEqual(parseInterruptInfo(bytes), { count: 65, canGrow: false });
  bytes.writeUInt32LE(1, 4);
  assert.equal(parseInterruptInfo(bytes).canGrow, true);
});

test('what it says of the IOMMU: page sizes and the ranges beside the messages’', () => {
  const bytes = Buffer.alloc(24 + 16 + 32);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt32LE(3, 4);
  bytes.writeBigUInt64LE(0x4020_1000n, 8);
  bytes.writeUInt32LE(24, 16);
  bytes.writeUInt16LE(1, 24);
  bytes.writeUInt32LE(2, 32);
  const numbers = [0n, 0xfedf_ffffn, 0xfef0_0000n, 0x7f_ffff_ffffn];
  for (const [index, number] of numbers.entries()) bytes.writeBigUInt64LE(number, 40 + 8 * index);
  assert.deepEqual(parseIommuInfo(bytes), {
    pageSizes: 0x4020_1000n,
    ranges: [
      { first: 0n, last: 0xfedf_ffffn },
      { first: 0xfef0_0000n, last: 0x7f_ffff_ffffn },
    ],
  });
  assert.deepEqual(parseIommuInfo(iommuInfo()), { pageSizes: 4096n, ranges: undefined });
});

test('what a reset of the bus reaches', () => {
  const bytes = hotResetInfo(2);
  const fields = new DataView(bytes.buffer);
  fields.setUint32(8, 2, true);
  fields.setUint32(12, 7, true);
  for (const [at, value] of [
    [18, 3],
    [19, 0x08],
    [26, 3],
    [27, 0x10],
  ] as const)
    fields.setUint8(at, value);
  fields.setUint32(20, 7, true);
  assert.equal(dependentCount(bytes), 2);
  assert.deepEqual(parseHotResetInfo(bytes), [
    { group: 7, segment: 0, bus: 3, devfn: 0x08 },
    { group: 7, segment: 0, bus: 3, devfn: 0x10 },
  ]);
});
