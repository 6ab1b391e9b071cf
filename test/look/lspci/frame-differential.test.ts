/** Differential property test: headers of all layouts, chains and trees at random, beside the lspci that is followed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { judges } from '../../../lab/lspci/judge.js';
import { ourText } from '../../../lab/lspci/ours.js';
import { checkProperty } from '../../kept-seeds.js';

const followed = judges().find((judge) => judge.isFollowed);
const skip = followed === undefined ? 'no lspci of the version that is followed is at hand' : false;

/** A number at an offset: what a header is made of here. */
type Written = readonly [offset: number, width: 1 | 2 | 4, value: fc.Arbitrary<number>];

const byte = fc.nat(0xff);
const word = fc.oneof(fc.constantFrom(0, 0xffff), fc.nat(0xffff));
const dword = fc.oneof(fc.constantFrom(0, 1, 0xffffffff), fc.nat(0xffffffff));
const bar = fc.oneof(
  fc.constantFrom(0, 1, 2, 4, 6, 12, 0xffffffff, 0xfe000000, 0xfe000004, 0xfe00000c, 0xc001),
  dword,
);

const COMMON: readonly Written[] = [
  [0x00, 2, fc.constantFrom(0x8086, 0x1af4, 0x1234, 0xffff, 0xabce)],
  [0x02, 2, fc.constantFrom(0x1000, 0x1237, 0x10d3, 0xfffe)],
  [0x04, 2, fc.oneof(fc.nat(7), word)],
  [0x06, 2, fc.oneof(fc.constantFrom(0, 0x10), word)],
  [0x08, 1, byte],
  [0x09, 1, byte],
  [0x0a, 2, fc.oneof(fc.constantFrom(0x0604, 0x0607, 0x0200, 0x0101), word)],
  [0x0c, 1, byte],
  [0x0d, 1, byte],
  [0x0f, 1, byte],
  ...[0x10, 0x14, 0x18, 0x1c, 0x20, 0x24].map((offset) => [offset, 4, bar] as const),
  [0x3c, 1, fc.constantFrom(0, 11, 255)],
  // Larger numbers of a pin are bytes that are no text.
  [0x3d, 1, fc.nat(0x3e)],
];

const LAYOUTS: readonly (readonly Written[])[] = [
  [
    [0x2c, 2, fc.constantFrom(0, 0xffff, 0x8086, 0x1234)],
    [0x2e, 2, word],
    [0x30, 4, bar],
    [0x3e, 2, word],
  ],
  [
    [0x18, 4, dword],
    ...[0x1c, 0x1d].map((at) => [at, 1, fc.oneof(fc.constantFrom(0, 1, 0xf0, 0xf1, 0x11), byte)] as const),
    [0x1e, 2, word],
    ...[0x20, 0x22, 0x24, 0x26].map(
      (at) => [at, 2, fc.oneof(fc.constantFrom(0, 1, 0xfff0, 0xfff1, 0xe000, 0xe001), word)] as const,
    ),
    [0x28, 4, dword],
    [0x2c, 4, dword],
    [0x30, 4, dword],
    [0x38, 4, bar],
    [0x3e, 2, word],
  ],
  [
    [0x14, 1, byte],
    [0x16, 2, word],
    [0x18, 4, dword],
    ...[0x1c, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38].map(
      (at) => [at, 4, fc.oneof(fc.constantFrom(0x1000, 0x2000, 0x2001, 0xfffff000), dword)] as const,
    ),
    [0x3e, 2, word],
    [0x40, 2, word],
    [0x42, 2, word],
    [0x44, 2, word],
  ],
];

/** Ids that nobody knows, and the one that is all ones. */
const chains = fc.array(
  fc.tuple(fc.constantFrom(0x16, 0x80, 0xfe, 0xff), fc.integer({ min: 0x12, max: 0x3f })),
  {
    maxLength: 5,
  },
);

const spaces = fc
  .record({
    layout: fc.oneof(fc.nat(2), fc.nat(127)),
    size: fc.constantFrom(64, 66, 96, 128, 255, 256),
    chain: chains,
  })
  .chain(({ layout, size, chain }) => {
    const written = [...COMMON, ...(LAYOUTS[layout] ?? [])];
    return fc.tuple(...written.map(([, , value]) => value)).map((values) => {
      const bytes = new Uint8Array(256);
      const view = new DataView(bytes.buffer);
      written.forEach(([offset, width], index) => {
        const value = values[index] ?? 0;
        if (width === 4) view.setUint32(offset, value, true);
        else if (width === 2) view.setUint16(offset, value, true);
        else view.setUint8(offset, value);
      });
      view.setUint8(0x0e, layout);
      let pointer = layout === 2 ? 0x14 : 0x34;
      for (const [id, dwordAt] of chain) {
        view.setUint8(pointer, dwordAt * 4);
        view.setUint8(dwordAt * 4, id);
        pointer = dwordAt * 4 + 1;
      }
      return bytes.slice(0, size);
    });
  });

function dump(functions: readonly (readonly [address: string, bytes: Uint8Array])[]): string {
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return functions
    .map(([address, bytes]) => {
      let text = `${address} function\n`;
      for (let at = 0; at < bytes.length; at += 16)
        text += `${hex(at)}: ${Array.from(bytes.slice(at, at + 16), hex).join(' ')}\n`;
      return `${text}\n`;
    })
    .join('');
}

const hex2 = (value: number) => value.toString(16).padStart(2, '0');

/** Bridges that lead to higher buses, as any machine's do: lspci itself does not come through some circles. */
const places = fc.record({
  domain: fc.constantFrom(0, 0, 0, 1),
  bus: fc.nat(7),
  device: fc.nat(3),
  leads: fc.boolean(),
  first: fc.integer({ min: 1, max: 3 }),
  more: fc.nat(3),
});

const trees = fc
  .uniqueArray(places, {
    selector: ({ domain, bus, device }) => `${domain}:${bus}:${device}`,
    maxLength: 12,
    minLength: 1,
  })
  .map((all) =>
    all.map(({ domain, bus, device, leads, first, more }) => {
      const bytes = new Uint8Array(64);
      bytes.set([0x86, 0x80, 0x37, 0x12]);
      if (leads) {
        bytes.set([0x04, 0x06], 0x0a);
        bytes[0x0e] = 1;
        bytes.set([bus, bus + first, bus + first + more], 0x18);
      }
      return [`${domain.toString(16).padStart(4, '0')}:${hex2(bus)}:${hex2(device)}.0`, bytes] as const;
    }),
  );

describe('lspci’s frame', { skip }, () => {
  const same = (text: string, modes: readonly string[]) => {
    if (followed === undefined) return;
    for (const mode of modes)
      assert.equal(ourText(text, mode.split(' ')), followed.read(text, mode.split(' ')), mode);
  };

  test('headers and lists', async () => {
    await checkProperty(
      'look: lspci’s frame of any header',
      fc.property(fc.array(spaces, { minLength: 20, maxLength: 60 }), (all) => {
        const placed = all.map((bytes, index) => [`00:${hex2(index >> 3)}.${index & 7}`, bytes] as const);
        same(dump(placed), ['-v', '-vvv', '-nnv', '-k', '-mm', '-vmm -nn', '-xxx']);
      }),
      { numRuns: 4 },
    );
  });

  test('trees', async () => {
    await checkProperty(
      'look: lspci’s trees',
      fc.property(trees, (all) => {
        same(dump(all), ['-t', '-tvn']);
      }),
      { numRuns: 20 },
    );
  });
});
