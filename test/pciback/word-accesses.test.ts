/** Accesses of 4 bytes, the only ones of old front ends: everywhere, and the same as the narrow ones that they cover. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ConfigImage, type ConfigSpace } from '../../src/function/index.js';
import { disk, edu } from '../function/shapes.js';
import { lineOf } from '../function/simulated-host.js';
import { checkProperty } from '../kept-seeds.js';
import { ExportingHost } from './exported.js';

const DISK = 0;
const COMMAND = 4;
const BUS_MASTER = 0x0004;
/** Bits of Status that a written 1 clears. */
const STATUS_ERRORS = 0xf900;
const BARS = { first: 0x10, end: 0x28, rom: 0x30 };
/** The disk's VPD capability, whose address is taken as a whole or not at all. */
const VPD = 0xd0;
const CONFIG_BYTES = 4096;

const isAddressRegister = (offset: number) =>
  (offset >= BARS.first && offset < BARS.end) || offset === BARS.rom;

/** Status with errors that happened, as hardware holds it. */
class ErrorStatus {
  #image: ConfigImage | undefined;

  readonly over = (base: ConfigSpace): ConfigSpace =>
    (this.#image = new ConfigImage({
      size: base.size,
      base,
      registers: [
        {
          name: 'header.command',
          offset: COMMAND,
          width: 2,
          virtual: BUS_MASTER,
          writable: BUS_MASTER,
        },
        {
          name: 'header.status',
          offset: 6,
          width: 2,
          virtual: STATUS_ERRORS,
          initial: STATUS_ERRORS,
          clearable: STATUS_ERRORS,
        },
      ],
    }));

  get errors(): number | undefined {
    return this.#image?.held('header.status');
  }
}

describe('accesses of 4 bytes', () => {
  test('are answered at every aligned offset, and nowhere else', async () => {
    await using host = await ExportingHost.start([disk()]);
    const { handled: guest } = host;
    for (let offset = 0; offset < CONFIG_BYTES; offset += 4) {
      assert.equal(guest.read(DISK, offset, 4).error, 0, `read at ${offset}`);
      assert.equal(guest.write(DISK, offset, 4, 0).error, 0, `write at ${offset}`);
      for (const odd of [1, 2, 3]) assert.equal(guest.read(DISK, offset + odd, 4).error, -2);
    }
    assert.deepEqual(guest.faults, []);
  });

  for (const [what, status] of [
    ['as it was read', (read: number) => read],
    ['as 0', () => 0],
    ['as all ones', () => 0xffff],
  ] as const) {
    test(`Command with Status ${what}: bus mastering is on, and no error that happened is lost`, async () => {
      const hardware = new ErrorStatus();
      await using host = await ExportingHost.start([disk()], hardware.over);
      const { handled: guest } = host;
      const before = guest.read(DISK, COMMAND, 4).value;
      assert.equal((before >>> 16) & STATUS_ERRORS, STATUS_ERRORS);
      const value = ((status(before >>> 16) << 16) | (before & 0xffff) | BUS_MASTER) >>> 0;
      assert.equal(guest.write(DISK, COMMAND, 4, value).error, 0);
      assert.equal(hardware.errors, STATUS_ERRORS);
      assert.equal(guest.read(DISK, COMMAND, 4).value, (before | BUS_MASTER) >>> 0);
    });
  }

  test('the word of cache line, latency, type and BIST: the line is the guest’s, the rest stays', async () => {
    await using host = await ExportingHost.start([disk()]);
    const { handled: guest } = host;
    const before = guest.read(DISK, 0x0c, 4).value;
    guest.write(DISK, 0x0c, 4, (before | 0x0000_f710) >>> 0);
    assert.equal(guest.read(DISK, 0x0c, 4).value, (before | 0x10) >>> 0);
    guest.write(DISK, 0x0c, 4, before);
    assert.equal(guest.read(DISK, 0x0c, 4).value, before);
  });

  test('the interrupt word shows the pirq as line, and takes nothing', async () => {
    await using host = await ExportingHost.start([disk(), edu()]);
    const { handled: guest } = host;
    for (const [devfn, shape] of [
      [DISK, disk()],
      [8, edu()],
    ] as const) {
      const line = lineOf(shape) ?? 0;
      const { value } = guest.read(devfn, 0x3c, 4);
      assert.deepEqual([value & 0xff, (value >>> 8) & 0xff], [line, shape.pin]);
      guest.write(devfn, 0x3c, 4, 0xffff_ff05);
      assert.equal(guest.read(devfn, 0x3c, 4).value, value);
    }
  });

  test('each BAR is sized by all ones and is as before afterwards', async () => {
    await using host = await ExportingHost.start([disk()]);
    const { handled: guest } = host;
    const sized: number[] = [];
    for (let offset = BARS.first; offset < BARS.end; offset += 4) {
      const shown = guest.read(DISK, offset, 4).value;
      guest.write(DISK, offset, 4, 0xffff_ffff);
      sized.push(guest.read(DISK, offset, 4).value);
      guest.write(DISK, offset, 4, shown);
      assert.equal(guest.read(DISK, offset, 4).value, shown);
    }
    assert.deepEqual(sized, [0xffff_c004, 0xffff_ffff, 0xffff_ffe1, 0, 0, 0]);
  });
});

const anyWord = fc.record({
  offset: fc.oneof(
    { weight: 4, arbitrary: fc.nat(0x3f) },
    { weight: 1, arbitrary: fc.nat(CONFIG_BYTES / 4 - 1) },
  ),
  value: fc.oneof(fc.constantFrom(0, 0xffff_ffff, 0xffff_0000, 0xffff), fc.nat(0xffff_ffff)),
});

/** Every word of the guest's view, and of the hardware. */
function seen(host: ExportingHost): readonly number[] {
  const [exported] = host.exports;
  assert.ok(exported !== undefined);
  using fn = host.machine.open(exported.physical);
  const words: number[] = [];
  for (const space of [exported.config, fn.config])
    for (let offset = 0; offset < space.size; offset += 4) words.push(space.read(offset, 4));
  return words;
}

test('property: a word reads as the halves and bytes that it is made of, whatever was written', async () => {
  const property = fc.asyncProperty(fc.array(anyWord, { maxLength: 20 }), async (writes) => {
    await using host = await ExportingHost.start([disk()]);
    const { handled: guest } = host;
    for (const { offset, value } of writes) guest.write(DISK, offset * 4, 4, value);
    for (let offset = 0; offset < CONFIG_BYTES; offset += 4) {
      const word = guest.read(DISK, offset, 4).value;
      for (const width of [1, 2])
        for (let at = 0; at < 4; at += width)
          assert.equal(
            guest.read(DISK, offset + at, width).value,
            (word >>> (at * 8)) & (width === 1 ? 0xff : 0xffff),
            `${width} bytes at ${offset + at}`,
          );
    }
  });
  await checkProperty('word accesses: reads', property as fc.IAsyncProperty<unknown[]>, { numRuns: 30 });
});

for (const width of [2, 1] as const) {
  test(`property: a word that is written does what its ${width === 2 ? 'halves' : 'bytes'} do, in the guest’s view and in the hardware`, async () => {
    const property = fc.asyncProperty(fc.array(anyWord, { minLength: 1, maxLength: 20 }), async (writes) => {
      await using whole = await ExportingHost.start([disk()]);
      await using parts = await ExportingHost.start([disk()]);
      for (const { offset: word, value } of writes) {
        const offset = word * 4;
        // Of an address register only a whole word is the sizing probe.
        if (isAddressRegister(offset) || (width === 1 && offset === VPD)) continue;
        whole.handled.write(DISK, offset, 4, value);
        for (let at = 0; at < 4; at += width)
          parts.handled.write(DISK, offset + at, width, (value >>> (at * 8)) & (width === 1 ? 0xff : 0xffff));
        assert.deepEqual(seen(whole), seen(parts), `0x${value.toString(16)} to 0x${offset.toString(16)}`);
      }
    });
    await checkProperty(`word accesses: writes by ${width}`, property as fc.IAsyncProperty<unknown[]>, {
      numRuns: 30,
    });
  });
}
