/** DMA tags: what a program says of its device's DMA, and how limits of a parent bind those derived from it. */
import type { DmaConstraints, Iova } from '../../function/index.js';
import type { TagLimits } from '../abi/busdma-request.js';
import { FileError } from './device-file.js';

/** What FreeBSD makes of a boundary of 0, in 32 bits also where addresses have 64. */
const NO_BOUNDARY = 0xffff_ffffn;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
/** Numbers are exact up to here; nothing that a device reaches is larger. */
const LARGEST = 2n ** 53n - 1n;

/** A tag: its limits, and what keeps it from being destroyed. */
export interface Tag {
  readonly parent: Tag | undefined;
  readonly limits: TagLimits;
  children: number;
  maps: number;
}

/** Limits as a tag without a parent has them. */
export function ownLimits(given: TagLimits): TagLimits {
  const oneSegment = given.nsegs === 1 || given.maxsegsz > given.maxsz;
  return {
    ...given,
    maxsegsz: oneSegment ? given.maxsz : given.maxsegsz,
    bndry: given.bndry === 0n ? NO_BOUNDARY : given.bndry,
  };
}

/** What holds for a tag that is derived: nothing that its parent forbids. */
export function derivedLimits(given: TagLimits, parent: TagLimits): TagLimits {
  const own = ownLimits(given);
  return {
    align: own.align > parent.align ? own.align : parent.align,
    bndry: least(own.bndry, parent.bndry),
    maxaddr: least(own.maxaddr, parent.maxaddr),
    maxsz: least(own.maxsz, parent.maxsz),
    maxsegsz: least(own.maxsegsz, parent.maxsegsz),
    nsegs: Math.min(own.nsegs, parent.nsegs),
    datarate: Math.min(own.datarate, parent.datarate),
    flags: own.flags,
  };
}

/**
 * A tag as the port's constraints. @throws {FileError} EINVAL: no map can be made of it (nothing in it, or an alignment
 * or a boundary that is no power of two).
 */
export function constraintsOf({ align, bndry, maxaddr, maxsz, maxsegsz, nsegs }: TagLimits): DmaConstraints {
  const refuse = (why: string) => new FileError('EINVAL', `no map can be made of the tag: ${why}`);
  if (maxsz === 0n || maxsegsz === 0n || nsegs === 0) throw refuse('its maps hold nothing');
  if (align !== 0n && !(isPowerOfTwo(align) && align <= LARGEST))
    throw refuse('its alignment is no power of two that memory can have');
  const bounded = bndry !== NO_BOUNDARY && bndry !== ALL_ONES;
  if (bounded && !isPowerOfTwo(bndry)) throw refuse('its boundary is no power of two');
  return {
    alignment: align === 0n ? 1 : Number(align),
    // A boundary beyond all addresses is none.
    ...(bounded && bndry <= LARGEST ? { boundary: Number(bndry) } : {}),
    highest: maxaddr as Iova,
    segments: nsegs,
    segmentBytes: Number(least(maxsegsz, LARGEST)),
  };
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function isPowerOfTwo(value: bigint): boolean {
  return value > 0n && (value & (value - 1n)) === 0n;
}
