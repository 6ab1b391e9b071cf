/** Regions over a file that stands for VFIO's device file: what is mapped, what is not, and decoding that ends. */
import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import type { RegionInfo } from '../../../src/function/index.js';
import { VfioRegion } from '../../../src/machines/linux/vfio/vfio-region.js';
import { OpenslotError } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';

const PAGE = 4096;
const BASE = 3 * PAGE;
const SIZE = 4 * PAGE;
const folder = mkdtempSync(join(tmpdir(), 'openslot-region-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

const INFO: RegionInfo = {
  index: 0,
  kind: 'memory',
  size: SIZE,
  address: 0xfe00_0000n,
  prefetchable: false,
  wide: false,
};

class Device implements Disposable {
  readonly fd: number;
  readonly source: { device: { fd: number }; decodesMemory: boolean };

  constructor(name: string) {
    this.fd = openSync(join(folder, name), 'w+');
    ftruncateSync(this.fd, BASE + SIZE);
    this.source = { device: { fd: this.fd }, decodesMemory: true };
  }

  region(mappable: readonly (readonly [number, number])[], mapped = true): VfioRegion {
    return new VfioRegion(
      'region 0',
      INFO,
      this.source,
      {
        readable: true,
        writable: true,
        size: SIZE,
        offset: BASE,
        mappable: mappable.map(([offset, size]) => ({ offset, size })),
      },
      mapped,
    );
  }

  /** What the file has at an offset of the region. */
  at(offset: number): number {
    const bytes = Buffer.alloc(4);
    readSync(this.fd, bytes, 0, 4, BASE + offset);
    return bytes.readUInt32LE(0);
  }

  put(offset: number, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    writeSync(this.fd, bytes, 0, 4, BASE + offset);
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

type Access = {
  readonly page: number;
  readonly place: number;
  readonly width: 1 | 2 | 4;
  readonly value: number;
};

const access: fc.Arbitrary<Access> = fc.record({
  page: fc.nat(3),
  place: fc.nat(1023),
  width: fc.constantFrom(1 as const, 2 as const, 4 as const),
  value: fc.nat(0xff),
});

function write(region: VfioRegion, width: 1 | 2 | 4, offset: number, value: number): void {
  if (width === 1) region.write8(offset, value);
  else if (width === 2) region.write16(offset, value);
  else region.write32(offset, value);
}

function read(region: VfioRegion, width: 1 | 2 | 4, offset: number): number {
  if (width === 1) return region.read8(offset);
  return width === 2 ? region.read16(offset) : region.read32(offset);
}

describe('a region', () => {
  test('reads and writes the same registers, whichever pages can be mapped', async () => {
    const model = new Uint8Array(SIZE);
    await checkProperty(
      'vfio: a region of any mappable pages',
      fc.property(fc.uniqueArray(fc.nat(3)), fc.array(access, { maxLength: 30 }), (pages, accesses) => {
        using device = new Device('model');
        model.fill(0);
        const areas = [...pages].sort().map((page) => [page * PAGE, PAGE] as const);
        using region = device.region(areas);
        for (const { page, place, width, value } of accesses) {
          const offset = page * PAGE + place * 4;
          write(region, width, offset, value);
          model.fill(0, offset, offset + width);
          model[offset] = value;
          assert.equal(read(region, width, offset), value);
          const whole = model.slice(offset, offset + 4).reduceRight((sum, byte) => sum * 256 + byte, 0);
          assert.equal(device.at(offset), whole);
        }
      }),
    );
  });

  test('64 bits are one access on a mapping, and refused where the kernel could make two of them', () => {
    using device = new Device('quads');
    using region = device.region([[0, PAGE]]);
    region.write64(8, 0x1122_3344_5566_7788n);
    assert.equal(region.read64(8), 0x1122_3344_5566_7788n);
    assert.throws(() => region.read64(PAGE), code('REGION_REFUSED'));
    assert.throws(() => {
      region.write64(PAGE, 1n);
    }, code('REGION_REFUSED'));
    assert.throws(() => region.read64(SIZE), code('REGION_OUT_OF_RANGE'));
    using unmapped = device.region([[0, SIZE]], false);
    assert.throws(() => unmapped.read64(8), code('REGION_REFUSED'));
    assert.equal(unmapped.read32(8), 0x5566_7788);
  });

  test('an access across the end of a mapped part is the kernel’s: no part of it is lost', () => {
    using device = new Device('edge');
    using region = device.region([[0, PAGE]]);
    device.put(PAGE, 0xaabb_ccdd);
    assert.equal(region.read32(PAGE), 0xaabb_ccdd);
    assert.equal(region.read8(PAGE + 1), 0xcc);
  });

  test('without decoding no mapping is touched', () => {
    using device = new Device('decoding');
    using region = device.region([[0, SIZE]]);
    region.write32(16, 1);
    device.source.decodesMemory = false;
    // The file is there still; it is VFIO that would refuse. What matters is who was asked.
    ftruncateSync(device.fd, BASE);
    assert.throws(() => region.read32(16), code('REGION_REFUSED'));
    ftruncateSync(device.fd, BASE + SIZE);
    device.source.decodesMemory = true;
    assert.equal(region.read32(16), 0);
  });

  test('refuses everything once it is closed', () => {
    using device = new Device('closed');
    const region = device.region([[0, PAGE]]);
    region.close();
    region.close();
    for (const offset of [0, PAGE]) assert.throws(() => region.read32(offset), code('REGION_CLOSED'));
  });
});
