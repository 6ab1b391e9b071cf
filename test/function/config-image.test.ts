/** ConfigImage: masks, write-1-to-clear, one access a read, and no neighbour rewritten. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  ConfigAccessError,
  ConfigImage,
  type ConfigSpace,
  type ConfigWidth,
  type ImageRegister,
} from '../../src/function/index.js';
import { checkProperty } from '../kept-seeds.js';

interface Access {
  readonly operation: 'read' | 'write';
  readonly offset: number;
  readonly width: ConfigWidth;
  readonly value: number;
}

/** Hardware of plain bytes that logs every access. */
class LoggedBytes implements ConfigSpace {
  readonly size = 256;
  readonly bytes = new DataView(new ArrayBuffer(256));
  readonly log: Access[] = [];

  read(offset: number, width: ConfigWidth): number {
    const value = this.peek(offset, width);
    this.log.push({ operation: 'read', offset, width, value });
    return value;
  }

  peek(offset: number, width: ConfigWidth): number {
    if (width === 4) return this.bytes.getUint32(offset, true);
    return width === 2 ? this.bytes.getUint16(offset, true) : this.bytes.getUint8(offset);
  }

  write(offset: number, width: ConfigWidth, value: number): void {
    this.log.push({ operation: 'write', offset, width, value });
    if (width === 4) this.bytes.setUint32(offset, value, true);
    else if (width === 2) this.bytes.setUint16(offset, value, true);
    else this.bytes.setUint8(offset, value);
  }
}

const registers: readonly ImageRegister[] = [
  { name: 'command', offset: 4, width: 2, virtual: 0x0403, initial: 0x0001, writable: 0x0407 },
  { name: 'status', offset: 6, width: 2, clearable: 0xf900 },
  { name: 'cache_line', offset: 0x0c, width: 1, writable: 0xff },
  {
    name: 'held',
    offset: 0x10,
    width: 4,
    virtual: 0xffff_ffff,
    initial: 0xdead_beef,
    writable: 0xffff_0000,
    clearable: 0x0f,
  },
  { name: 'mixed', offset: 0x20, width: 2, writable: 0x00f0, clearable: 0x8000 },
];

const access = fc.constantFrom<ConfigWidth>(1, 2, 4).chain((width) =>
  fc.record({
    width: fc.constant(width),
    offset: fc.integer({ min: 0, max: 0x30 / width }).map((index) => index * width),
    value: fc.integer({ min: 0, max: 0xffff_ffff }),
  }),
);

describe('ConfigImage', () => {
  test('a read is one access of its own width, or none where all bits are ours', () => {
    const base = new LoggedBytes();
    const image = new ConfigImage({ size: 256, registers, base });
    assert.equal(image.read(0x10, 4), 0xdead_beef);
    assert.equal(image.read(0x12, 2), 0xdead);
    assert.equal(image.read(0x13, 1), 0xde);
    assert.deepEqual(base.log, []);
    base.bytes.setUint32(4, 0xffff_0006, true);
    assert.equal(image.read(4, 4), 0xffff_0005);
    assert.deepEqual(
      base.log.map(({ operation, offset, width }) => [operation, offset, width]),
      [['read', 4, 4]],
    );
  });

  test('a dword write over Command and Status never writes Status back', () => {
    const base = new LoggedBytes();
    base.bytes.setUint32(4, 0xf900_0000, true);
    const image = new ConfigImage({ size: 256, registers, base });
    image.write(4, 4, 0x0000_0006);
    const writes = base.log.filter(({ operation }) => operation === 'write');
    assert.deepEqual(writes, [{ operation: 'write', offset: 4, width: 2, value: 0x0004 }]);
    assert.equal(image.read(4, 2), 0x0006);
  });

  test('a 1 that clears is written alone, without reading', () => {
    const base = new LoggedBytes();
    base.bytes.setUint16(6, 0xf900, true);
    const image = new ConfigImage({ size: 256, registers, base });
    image.write(6, 2, 0x8100);
    // Bits that nobody may write keep what the hardware has; those that clear were not written back.
    assert.deepEqual(
      base.log.filter(({ operation }) => operation === 'write'),
      [{ operation: 'write', offset: 6, width: 2, value: 0x8100 }],
    );
  });

  test('a bit that a 1 would clear and that may not be cleared is not written back', () => {
    const base = new LoggedBytes();
    base.bytes.setUint16(0x20, 0x8f00, true);
    const mixed: ImageRegister = { name: 'mixed', offset: 0x20, width: 2, writable: 0x00f0, hazard: 0x8000 };
    new ConfigImage({ size: 256, registers: [mixed], base }).write(0x20, 2, 0xffff);
    assert.equal(base.peek(0x20, 2), 0x0ff0);
  });

  test('without a base it is storage: masks and write-1-to-clear', () => {
    const image = new ConfigImage({ size: 256, registers });
    image.write(0x10, 4, 0x1234_0005);
    assert.equal(image.read(0x10, 4), 0x1234_beea);
    assert.equal(image.read(0x40, 4), 0);
  });

  test('tells of writes that nothing takes, and lets registers refuse', () => {
    const dropped: unknown[] = [];
    const refuse = new ConfigAccessError(
      'CONFIG_REFUSED',
      { operation: 'write', offset: 0x30, width: 1 },
      'no',
    );
    const image = new ConfigImage({
      size: 256,
      registers: [
        ...registers,
        {
          name: 'refusing',
          offset: 0x30,
          width: 1,
          write: () => {
            throw refuse;
          },
        },
      ],
      base: new LoggedBytes(),
      onDropped: (offset, width, value, register) => dropped.push([offset, width, value, register]),
    });
    image.write(0x40, 2, 7);
    image.write(0x0c, 4, 0x0102_0304);
    assert.deepEqual(dropped, [
      [0x40, 2, 7, undefined],
      [0x0c, 4, 0x0102_0304, undefined],
    ]);
    assert.throws(() => {
      image.write(0x30, 1, 0);
    }, refuse);
  });

  test('registers that overlap, or do not fit, are a fault of the caller', () => {
    const at = (offset: number, width: ConfigWidth): ImageRegister => ({ name: 'x', offset, width });
    for (const bad of [[at(0, 4), at(2, 2)], [at(1, 2)], [at(256, 1)]]) {
      assert.throws(() => new ConfigImage({ size: 256, registers: bad }), RangeError);
    }
  });

  test('property: whatever is written, only writable and clearable bits reach the hardware', async () => {
    const may = new Map(registers.map((register) => [register.name, register]));
    const writableBase = new Uint8Array(256);
    const clearableBase = new Uint8Array(256);
    for (const { offset, width, virtual = 0, writable = 0, clearable = 0 } of may.values()) {
      for (let byte = 0; byte < width; byte++) {
        writableBase[offset + byte] = ((writable & ~virtual) >>> (byte * 8)) & 0xff;
        clearableBase[offset + byte] = ((clearable & ~virtual) >>> (byte * 8)) & 0xff;
      }
    }
    const property = fc.property(
      fc.uint8Array({ minLength: 256, maxLength: 256 }),
      fc.array(access, { maxLength: 20 }),
      (content, accesses) => {
        const base = new LoggedBytes();
        new Uint8Array(base.bytes.buffer).set(content);
        const image = new ConfigImage({ size: 256, registers, base });
        for (const { offset, width, value } of accesses) {
          const before = new Uint8Array(base.bytes.buffer.slice(0));
          base.log.length = 0;
          image.write(offset, width, value);
          for (const { operation, offset: at, width: wide, value: written } of base.log) {
            assert.ok(at >= offset && at + wide <= offset + width, 'a neighbour was accessed');
            if (operation === 'read') continue;
            for (let byte = 0; byte < wide; byte++) {
              const bits = (written >>> (byte * 8)) & 0xff;
              const guest = (value >>> ((at + byte - offset) * 8)) & 0xff;
              const [mayChange = 0, mayClear = 0, had = 0] = [
                writableBase[at + byte],
                clearableBase[at + byte],
                before[at + byte],
              ];
              // Bits that clear: 1 only where the guest wrote 1. Writable: the guest's. Others: what was there.
              assert.equal(bits & mayClear, guest & mayClear);
              assert.equal(bits & mayChange, guest & mayChange);
              assert.equal(bits & ~mayChange & ~mayClear & 0xff, had & ~mayChange & ~mayClear & 0xff);
            }
          }
        }
      },
    );
    await checkProperty('config-image: only allowed bits are written', property);
  });

  test('property: a read of any width agrees with the bytes of a read of another', async () => {
    const property = fc.property(
      fc.uint8Array({ minLength: 256, maxLength: 256 }),
      fc.array(access, { maxLength: 8 }),
      fc.integer({ min: 0, max: 0x30 / 4 }),
      (content, accesses, dword) => {
        const base = new LoggedBytes();
        new Uint8Array(base.bytes.buffer).set(content);
        const image = new ConfigImage({ size: 256, registers, base });
        for (const { offset, width, value } of accesses) image.write(offset, width, value);
        const whole = image.read(dword * 4, 4);
        const halves = (image.read(dword * 4, 2) | (image.read(dword * 4 + 2, 2) << 16)) >>> 0;
        let bytes = 0;
        for (let byte = 0; byte < 4; byte++) bytes |= image.read(dword * 4 + byte, 1) << (byte * 8);
        assert.equal(halves, whole);
        assert.equal(bytes >>> 0, whole);
      },
    );
    await checkProperty('config-image: widths agree', property);
  });
});
