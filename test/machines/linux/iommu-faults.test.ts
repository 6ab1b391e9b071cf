/** Lines of the kernel's log that tell of DMA that was stopped, and those that do not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFault } from '../../../src/machines/linux/iommu-faults.js';

const told = (line: string) => {
  const fault = parseFault(line);
  return fault && [String(fault.requester), fault.access, `0x${fault.iova.toString(16)}`];
};

test('Intel, as kernels of several years have written it', () => {
  for (const [line, expected] of [
    [
      'DMAR: [DMA Write NO_PASID] Request device [00:03.0] fault addr 0x200000 [fault reason 0x05] PTE Write access is not set',
      ['0000:00:03.0', 'write', '0x200000'],
    ],
    [
      'DMAR: [DMA Read] Request device [03:1f.7] PASID ffffffff fault addr fffe1000 [fault reason 06] PTE Read access is not set',
      ['0000:03:1f.7', 'read', '0xfffe1000'],
    ],
    [
      'DMAR: [DMA Read] Request device [0001:03:00.0] fault addr ffffffff00000000 [fault reason 06] PTE Read access is not set',
      ['0001:03:00.0', 'read', '0xffffffff00000000'],
    ],
  ] as const)
    assert.deepEqual(told(line), expected);
});

test('AMD, of a known device and of an unknown one', () => {
  assert.deepEqual(
    told(
      'vfio-pci 0000:03:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0013 address=0xfffe0000 flags=0x0020]',
    ),
    ['0000:03:00.0', 'write', '0xfffe0000'],
  );
  assert.deepEqual(
    told(
      'AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:04:00.1 domain=0x0000 address=0x1000 flags=0x0000]',
    ),
    ['0000:04:00.1', 'read', '0x1000'],
  );
});

test('other lines, and addresses that are none', () => {
  for (const line of [
    '',
    'DMAR: DRHD: handling fault status reg 2',
    'DMAR: [INTR-REMAP] Request device [00:03.0] fault index 0x20 [fault reason 0x22]',
    'DMAR: [DMA Write] Request device [00:3f.0] fault addr 0x1000',
    'nvme 0000:01:00.0: AMD-Vi: something else',
  ])
    assert.equal(parseFault(line), undefined, line);
});
