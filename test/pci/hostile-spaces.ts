/** Configuration spaces that nobody would build: random, truncated, with capabilities that loop, overlap and run out. */
import fc from 'fast-check';
import { capabilityNames, extendedCapabilityNames } from '../../src/pci/index.js';

/** What can be read of a space: nothing, a header, parts of words, all of it, and more than there can be. */
const size = fc.oneof(fc.constantFrom(64, 256, 4096, 4096, 4096, 8192), fc.integer({ min: 0, max: 4096 }));

const standard = fc.record({
  at: fc.integer({ min: 0x10, max: 0x3f }).map((dword) => dword * 4),
  id: fc.oneof(fc.constantFrom(...capabilityNames.keys()), fc.nat(0xff)),
  /** The one after it in the list, itself, any place, or the end. */
  next: fc.oneof(fc.constant('following' as const), fc.constant('itself' as const), fc.nat(0xff)),
});

const extended = fc.record({
  at: fc.integer({ min: 0x40, max: 0x3ff }).map((dword) => dword * 4),
  id: fc.oneof(fc.constantFrom(...extendedCapabilityNames.keys()), fc.nat(0xffff)),
  version: fc.nat(15),
  next: fc.oneof(
    { weight: 4, arbitrary: fc.constant('following' as const) },
    fc.constant('itself' as const),
    fc.nat(0xfff),
  ),
});

/** How the bytes are before capabilities are laid into them. */
const filling = fc.oneof(
  fc.constant('zeros' as const),
  fc.constant('ones' as const),
  fc.integer({ min: 1, max: 0x7fff_ffff }),
);

/** Sorted, so that most lists go on to their end; places may be the same or within each other. */
export const hostileSpace: fc.Arbitrary<Uint8Array> = fc
  .record({
    size,
    filling,
    layout: fc.oneof(fc.constantFrom(0, 1, 2, 0x80, 0x81), fc.nat(0xff)),
    standard: fc.array(standard, { maxLength: 12 }),
    extended: fc.array(extended, { maxLength: 16 }),
    sprinkled: fc.array(fc.tuple(fc.nat(0xfff), fc.nat(0xff)), { maxLength: 24 }),
  })
  .map((space) => {
    const bytes = filled(Math.max(space.size, 4096), space.filling);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 0x5845_8086, true);
    view.setUint8(6, (bytes[6] ?? 0) | 0x10);
    view.setUint8(0x0e, space.layout);
    const list = space.standard.toSorted((a, b) => a.at - b.at);
    const first = list[0]?.at ?? 0;
    view.setUint8((space.layout & 0x7f) === 2 ? 0x14 : 0x34, first);
    list.forEach(({ at, id, next }, index) => {
      const following = list[index + 1]?.at ?? 0;
      view.setUint8(at, id);
      view.setUint8(at + 1, next === 'following' ? following : next === 'itself' ? at : next);
    });
    const more = space.extended.toSorted((a, b) => a.at - b.at);
    more.forEach(({ at: place, id, version, next }, index) => {
      // The list begins at its first place.
      const at = index === 0 ? 0x100 : place;
      const following = more[index + 1]?.at ?? 0;
      const to = next === 'following' ? following : next === 'itself' ? at : next;
      view.setUint32(at, (id | (version << 16) | (to << 20)) >>> 0, true);
    });
    for (const [offset, value] of space.sprinkled) bytes[offset] = value;
    return shownShort(bytes.subarray(0, space.size));
  });

/** For the report of a failure: rows of 16 bytes, without those that are like the one before. */
function shownShort(bytes: Uint8Array): Uint8Array {
  const rows = () => {
    const texts = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, row) =>
      Buffer.from(bytes.subarray(row * 16, row * 16 + 16)).toString('hex'),
    );
    const told = texts.flatMap((text, row) =>
      text === texts[row - 1] ? [] : [`${(row * 16).toString(16).padStart(3, '0')}: ${text}`],
    );
    return `${bytes.length} bytes\n${told.join('\n')}`;
  };
  return Object.assign(bytes, { [fc.toStringMethod]: rows });
}

function filled(size: number, how: 'zeros' | 'ones' | number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  if (how === 'ones') bytes.fill(0xff);
  if (typeof how !== 'number') return bytes;
  // A generator of its own (Marsaglia's xorshift32): thousands of bytes are no values that a failure is made smaller by.
  let state = how;
  for (let index = 0; index < size; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state & 0xff;
  }
  return bytes;
}
