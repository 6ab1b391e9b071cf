/** NetBSD's file of a function, compared byte for byte with one that was seen, and its limits. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { kernfsName, kernfsText } from '../../src/cli/kernfs-text.js';
import type { RegionInfo } from '../../src/function/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { AddressRangeError, PciAddress } from '../../src/pci/index.js';

/** An 82574L at 00:07.0 of a NetBSD domain 0. */
const SEEN = `vendor: 0x8086
product: 0x10d3
subsys_vendor: 0x8086
subsys_product: 0x0000
mem: 0xfeb40000 - 0xfeb60000
mem: 0xfeb60000 - 0xfeb80000
I/O: 0x0000c140 - 0x0000c160
mem: 0xfeb80000 - 0xfeb84000
irq: 198
`;

test('the same card in a tree of sysfs gives the file that NetBSD had', () => {
  const root = mkdtempSync(join(tmpdir(), 'openslot-kernfs-'));
  try {
    const device = join(root, 'devices', '0000:00:07.0');
    mkdirSync(device, { recursive: true });
    const line = (...numbers: readonly number[]) =>
      numbers.map((number) => `0x${number.toString(16).padStart(16, '0')}`).join(' ');
    const files = {
      config: Buffer.alloc(256),
      uevent: 'PCI_CLASS=20000\nPCI_ID=8086:10D3\nPCI_SUBSYS_ID=8086:0000\n',
      revision: '0x00\n',
      irq: '198\n',
      resource: [
        line(0xfeb4_0000, 0xfeb5_ffff, 0x4_0200),
        line(0xfeb6_0000, 0xfeb7_ffff, 0x4_0200),
        line(0xc140, 0xc15f, 0x4_0101),
        line(0xfeb8_0000, 0xfeb8_3fff, 0x4_0200),
        line(0, 0, 0),
        line(0, 0, 0),
        line(0xfeb0_0000, 0xfeb3_ffff, 0x4_6200),
      ].join('\n'),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(device, name), content);
    const machine = new LinuxMachine({ root });
    const [summary] = machine.list();
    assert.ok(summary !== undefined);
    using fn = machine.open(summary.address);
    const { regions, interruptLine } = fn;
    assert.equal(kernfsText({ summary, regions, interruptLine }), SEEN);
    assert.equal(kernfsName(summary.address), '0000:00:07.0');
  } finally {
    rmSync(root, { recursive: true });
  }
});

const ids = { vendor: 1, device: 2, subsystemVendor: undefined, subsystemDevice: undefined };
const bar = (index: number, address: bigint): RegionInfo => ({
  index,
  kind: 'memory',
  size: 0x4000,
  address,
  prefetchable: true,
  wide: true,
});

test('BARs in their order, large addresses whole, those without an address left out; no interrupt is 255', () => {
  const regions = [bar(4, 0x12_3456_0000n), bar(0, 0x1000n), bar(2, 0n), bar(6, 0xfeb0_0000n)];
  assert.equal(
    kernfsText({ summary: ids, regions, interruptLine: undefined }),
    'vendor: 0x0001\nproduct: 0x0002\nsubsys_vendor: 0x0000\nsubsys_product: 0x0000\n' +
      'mem: 0x00001000 - 0x00005000\nmem: 0x1234560000 - 0x1234564000\nirq: 255\n',
  );
  assert.match(kernfsText({ summary: ids, regions: [], interruptLine: 0x1c6 }), /^irq: 198$/m);
});

test('the largest file is far from the limit of 512 bytes', () => {
  const regions = Array.from({ length: 6 }, (_, index) => bar(index, 0xffff_ffff_ffff_0000n));
  const { length } = kernfsText({ summary: ids, regions, interruptLine: 255 });
  assert.equal(length, 355);
});

test('other domains have no name there', () => {
  assert.throws(() => kernfsName(new PciAddress(1, 0, 0, 0)), AddressRangeError);
});
