/** Memory for devices behind the IOMMU, over a space that only notes what is mapped: places, files, the end. */
import assert from 'node:assert/strict';
import { readdirSync, readSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Iova } from '../../../src/function/index.js';
import type { IommuSpace } from '../../../src/machines/linux/vfio/path.js';
import { GroupIovas, VfioDma } from '../../../src/machines/linux/vfio/vfio-dma.js';
import { memoryAddress, SystemCallError } from '../../../src/os/index.js';
import { OpenslotError } from '../../../src/pci/index.js';

const PAGE = 4096;
const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

/** What the kernel of the lab's machine tells: the messages' addresses are in nobody's reach. */
const RANGES = [
  { first: 0n, last: 0xfedf_ffffn },
  { first: 0xfef0_0000n, last: 0x7f_ffff_ffffn },
];

class Space implements IommuSpace {
  readonly ranges = RANGES;
  /** By address of the device's, what is mapped there. */
  readonly mapped = new Map<bigint, { readonly address: bigint; readonly bytes: number }>();
  refusal: string | undefined;

  map(address: bigint, iova: bigint, bytes: number): void {
    if (this.refusal !== undefined) throw new SystemCallError('ioctl', '/dev/vfio/vfio', this.refusal);
    this.mapped.set(iova, { address, bytes });
  }

  unmap(iova: bigint, bytes: number): void {
    assert.equal(this.mapped.get(iova)?.bytes, bytes);
    this.mapped.delete(iova);
  }
}

function dmaOver(space: Space): VfioDma {
  const iovas = new GroupIovas(space);
  return new VfioDma('a test', () => iovas);
}

describe('DMA through VFIO', () => {
  test('pages are mapped where the buffer says, from 1 MB on, and unmapped with it', async () => {
    const space = new Space();
    const dma = dmaOver(space);
    const buffer = await dma.allocate(5000);
    assert.equal(buffer.iova, 0x10_0000n);
    assert.deepEqual(space.mapped.get(buffer.iova), {
      address: memoryAddress(buffer.bytes),
      bytes: 2 * PAGE,
    });
    const next = await dma.allocate(1);
    assert.equal(next.iova, 0x10_2000n);
    buffer[Symbol.dispose]();
    buffer[Symbol.dispose]();
    assert.deepEqual([...space.mapped.keys()], [next.iova]);
    // The place is free again.
    assert.equal((await dma.allocate(2 * PAGE)).iova, 0x10_0000n);
    dma.close();
    assert.equal(space.mapped.size, 0);
  });

  test('what two functions of a group have does not overlap, and nothing reaches into a hole', async () => {
    const space = new Space();
    const iovas = new GroupIovas(space);
    const [one, two] = [new VfioDma('one', () => iovas), new VfioDma('two', () => iovas)];
    const bytes = 1 << 30;
    // The file is as large as its addresses; its pages are there when they are touched.
    for (const dma of [one, two, one, two, one]) await dma.allocate(bytes);
    const ranges = [...space.mapped].map(
      ([iova, { bytes: size }]) => [iova, iova + BigInt(size) - 1n] as const,
    );
    for (const [index, [first, last]] of ranges.entries()) {
      assert.ok(RANGES.some((range) => range.first <= first && last <= range.last));
      assert.ok(ranges.slice(0, index).every((other) => other[1] < first || last < other[0]));
    }
    one.close();
    two.close();
  });

  test('a device of few address lines is served as long as there is a place below', async () => {
    const dma = dmaOver(new Space());
    const highest = 0xfff_ffffn as Iova;
    await dma.allocate(0xff0_0000, { highest });
    await assert.rejects(dma.allocate(PAGE, { highest }), code('DMA_NO_ADDRESS'));
    assert.equal((await dma.allocate(PAGE)).iova, 0x1000_0000n);
    dma.close();
  });

  test('the file has the program’s bytes where the device finds them', async () => {
    const dma = dmaOver(new Space());
    const buffer = await dma.allocate(PAGE);
    buffer.bytes[10] = 0x5a;
    const bytes = new Uint8Array(1);
    assert.ok(buffer.fileOffset !== undefined);
    readSync(dma.file, bytes, 0, 1, buffer.fileOffset + 10);
    assert.equal(bytes[0], 0x5a);
    dma.close();
  });

  test('a mapping that the kernel refuses leaves nothing, and says why where it can', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const space = new Space();
    const dma = dmaOver(space);
    space.refusal = 'ENOMEM';
    await assert.rejects(dma.allocate(PAGE), (error) => {
      assert.ok(error instanceof OpenslotError);
      assert.equal(error.code, 'DMA_LOCKED_LIMIT');
      assert.match(String(error.evidence['limit']), /^(\d+|unlimited)$/);
      return true;
    });
    space.refusal = 'EFAULT';
    await assert.rejects(dma.allocate(PAGE), code('SYSTEM_CALL_FAILED'));
    space.refusal = undefined;
    assert.equal((await dma.allocate(PAGE)).iova, 0x10_0000n);
    dma.close();
    assert.equal(readdirSync('/proc/self/fd').length, before);
  });
});
