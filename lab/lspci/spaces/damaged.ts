/** Spaces that no device should have: cut off, chains that loop, break and lead into the header, and bytes by chance. */
import { headerSpace, type Header } from './frame.js';
import { Random } from './random.js';
import { dumpOf, type SpaceSource } from './source.js';

const HEADER: Header = { vendor: 0x8086, device: 0x1111, classCode: 0x0200, layout: 0, portType: undefined };
const EXPRESS = [0x10, 0x00, 0x42, 0x00];
/** Few places, so that chains get long, meet themselves and break. */
const PLACES = [0x40, 0x50, 0x61, 0x72, 0x83, 0x90, 0xa0, 0xb3, 0xc0, 0xd0, 0xe0, 0xf0, 0x3c, 0x00, 0xfc];
const EXTENDED_PLACES = [0x100, 0x140, 0x181, 0x203, 0x3f0, 0xffc, 0x802, 0x0f0, 0x000];

export function damagedSpaces(count: number): readonly SpaceSource[] {
  const random = new Random(0x4000);
  const each = (make: (index: number) => Uint8Array) =>
    Array.from({ length: count }, (_, index) => make(index));
  const groups: Readonly<Record<string, readonly Uint8Array[]>> = {
    'by chance': each((index) => byChance(random, index)),
    chains: each(() => chains(random)),
    'less than a header': each((index) => chains(random).subarray(0, 16 + (index % 48))),
    'cut off': each((index) => chains(random).subarray(0, lengthOf(random, index))),
  };
  return Object.entries(groups).map(([name, spaces]) => ({
    kind: 'damaged',
    name,
    dump: dumpOf(spaces),
    decodingOnly: false,
  }));
}

/** All by chance but that there is a function, and what lets lspci look further than its header. */
function byChance(random: Random, index: number): Uint8Array {
  const space = random.bytes(index % 2 === 0 ? 256 : 4096);
  space.set([0x86, 0x80], 0);
  space[0x06] = (space[0x06] ?? 0) | 0x10;
  space[0x0e] = random.below(4);
  space[space[0x0e] === 2 ? 0x14 : 0x34] = 0x48;
  space.set([0x10, random.next() & 0xfc], 0x48);
  return space;
}

function chains(random: Random): Uint8Array {
  const space = headerSpace(HEADER, 4096);
  space.set(random.bytes(0xc0), 0x40);
  const pick = (places: readonly number[]) => places[random.below(places.length)] ?? 0;
  space[0x34] = random.below(4) === 0 ? pick(PLACES) : 0x40;
  for (const place of PLACES.filter((one) => one >= 0x40))
    space.set([random.below(8) === 0 ? 0xff : random.below(0x18), pick(PLACES)], place & ~3);
  space.set([...EXPRESS.slice(0, 1), pick(PLACES), ...EXPRESS.slice(2)], 0x40);
  const view = new DataView(space.buffer);
  for (const place of EXTENDED_PLACES.filter((one) => one >= 0x100)) {
    const header = (pick(EXTENDED_PLACES) << 20) | (random.below(4) << 16) | random.below(0x3c);
    view.setUint32(place & ~3, random.below(12) === 0 ? 0xffff_ffff : header >>> 0, true);
  }
  return space;
}

/** Around the ends that matter, and anywhere. */
function lengthOf(random: Random, index: number): number {
  const ends = [64, 64, 128, 256, 256, 0x104, 0x144, 4095];
  return index % 3 === 0
    ? 16 + random.below(4080)
    : Math.max(64, (ends[random.below(ends.length)] ?? 64) - 2 + random.below(5));
}
