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

/**
 * By the reader of a capability: each block's place is asked for by its number, and a walk from the first one for each
 * number would be thousands of accesses. What it walks by does not change (HwInit).
 */
const walked = new WeakMap<RegisterReader, readonly SelectiveStream[]>();

function selectiveStreamsOf(bytes: RegisterReader): readonly SelectiveStream[] {
  const known = walked.get(bytes);
  if (known !== undefined) return known;
  const streams: SelectiveStream[] = [];
  const cap = bytes.read(0x04, 4);
  let offset = IdeLayout.first + linkStreams(cap) * IdeLayout.link;
  for (let left = selectiveStreams(cap); left > 0 && offset < SPACE; left--) {
    const addresses = bytes.read(offset, 4) & 0xf;
    streams.push({ offset, addresses });
    offset += IdeLayout.selective + addresses * IdeLayout.address;
  }
  walked.set(bytes, streams);
  return streams;
}

/** Offset of a selective stream's block; undefined for one that is not there. */
export function selectiveStreamAt(bytes: RegisterReader, index: number): number | undefined {
  return selectiveStreamsOf(bytes)[index]?.offset;
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
