/** Where the register blocks of an IDE capability stand: each stream's length depends on those before it. */
import type { RegisterReader } from '../registers.js';

/** Offset of the first block, and bytes of each kind of it (PCI Express Base 6.0, 7.9.26). */
export const IdeLayout = { first: 0x0c, link: 8, selective: 20, address: 12 } as const;

/** Nothing can stand past the end of extended configuration space. */
const SPACE = 0x1000;

const LINK_SUPPORTED = 1;
const SELECTIVE_SUPPORTED = 2;

/** Link streams by the capability register: one for each traffic class. */
export function linkStreams(cap: number): number {
  return (cap & LINK_SUPPORTED) === 0 ? 0 : ((cap >>> 13) & 7) + 1;
}

/** Selective streams by the capability register. */
export function selectiveStreams(cap: number): number {
  return (cap & SELECTIVE_SUPPORTED) === 0 ? 0 : ((cap >>> 16) & 0xff) + 1;
}

/** Offset of a link stream's block; undefined for one that is not there. */
export function linkStreamAt(bytes: RegisterReader, index: number): number | undefined {
  const streams = linkStreams(bytes.read(0x04, 4));
  return index < streams ? IdeLayout.first + index * IdeLayout.link : undefined;
}

/** A selective stream's block, and how many address association blocks follow it. */
interface SelectiveStream {
  readonly offset: number;
  readonly addresses: number;
}

function* selectiveStreamsOf(bytes: RegisterReader): Generator<SelectiveStream, void> {
  const cap = bytes.read(0x04, 4);
  let offset = IdeLayout.first + linkStreams(cap) * IdeLayout.link;
  for (let left = selectiveStreams(cap); left > 0 && offset < SPACE; left--) {
    const addresses = bytes.read(offset, 4) & 0xf;
    yield { offset, addresses };
    offset += IdeLayout.selective + addresses * IdeLayout.address;
  }
}

/** Offset of a selective stream's block; undefined for one that is not there. */
export function selectiveStreamAt(bytes: RegisterReader, index: number): number | undefined {
  let left = index;
  for (const { offset } of selectiveStreamsOf(bytes)) if (left-- === 0) return offset;
  return undefined;
}

/** Offset of an address association block, numbered through all streams; undefined for one that is not there. */
export function addressAssociationAt(bytes: RegisterReader, index: number): number | undefined {
  let left = index;
  for (const { offset, addresses } of selectiveStreamsOf(bytes)) {
    if (left < addresses) return offset + IdeLayout.selective + left * IdeLayout.address;
    left -= addresses;
  }
  return undefined;
}
