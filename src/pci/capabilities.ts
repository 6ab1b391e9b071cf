/** The walk along the capability lists of configuration space, safe on any content. */
import { isReadable } from './registers.js';
import type { ConfigReader } from './registers.js';

/** A capability of the standard list. */
export interface Capability {
  readonly id: number;
  readonly offset: number;
}

/** A capability of the extended list. */
export interface ExtendedCapability extends Capability {
  readonly version: number;
}

/** Why a list ended before its end; `from` is where the pointer stood, `offset` where it pointed. */
export interface CapabilityFinding {
  readonly code:
    /** Points to an entry that was already visited. */
    | 'CAPABILITY_LOOP'
    /** The entry reads as all ones (id 0xff): nothing answers there. */
    | 'CAPABILITY_BROKEN'
    /** Points into the header (below 0x40), or from the extended list below 0x100. */
    | 'CAPABILITY_IN_HEADER'
    /** The entry lies past the readable size. */
    | 'CAPABILITY_UNREADABLE';
  readonly list: 'standard' | 'extended';
  readonly from: number;
  readonly offset: number;
}

/** One of the two lists, as far as it could be followed. */
export interface CapabilityWalk<Entry> {
  /** In list order; no offset twice. */
  readonly entries: readonly Entry[];
  readonly findings: readonly CapabilityFinding[];
}

const STATUS = 0x06;
const STATUS_CAPABILITIES = 0x10;
const HEADER_TYPE = 0x0e;
const CARDBUS = 2;
const HEADER_END = 0x40;
const EXTENDED_START = 0x100;
const ALL_ONES = 0xffffffff;

/**
 * Walks the standard list (PCI Local Bus 3.0, 6.7): it exists when status bit 4 is set and starts at the pointer at
 * 0x34, in a CardBus bridge at 0x14. Throws only what the reader throws inside its own size.
 */
export function walkCapabilities(reader: ConfigReader): CapabilityWalk<Capability> {
  const entries: Capability[] = [];
  const findings: CapabilityFinding[] = [];
  const walk = { entries, findings };
  if (!isReadable(reader, STATUS, 2) || !isReadable(reader, HEADER_TYPE, 1)) return walk;
  if ((reader.read(STATUS, 2) & STATUS_CAPABILITIES) === 0) return walk;
  let from = (reader.read(HEADER_TYPE, 1) & 0x7f) === CARDBUS ? 0x14 : 0x34;
  const stop = (code: CapabilityFinding['code'], offset: number) => {
    findings.push({ code, list: 'standard', from, offset });
    return walk;
  };
  if (!isReadable(reader, from, 1)) return stop('CAPABILITY_UNREADABLE', from);
  let offset = reader.read(from, 1) & ~3;
  const visited = new Set<number>();
  while (offset !== 0) {
    if (offset < HEADER_END) return stop('CAPABILITY_IN_HEADER', offset);
    if (visited.has(offset)) return stop('CAPABILITY_LOOP', offset);
    if (!isReadable(reader, offset, 2)) return stop('CAPABILITY_UNREADABLE', offset);
    const entry = reader.read(offset, 2);
    const id = entry & 0xff;
    if (id === 0xff) return stop('CAPABILITY_BROKEN', offset);
    visited.add(offset);
    entries.push({ id, offset });
    from = offset;
    offset = (entry >> 8) & ~3;
  }
  return walk;
}

/** Where the capabilities of the standard list stand, by id ({@link CapabilityId}); of two with one id the first. */
export function capabilityOffsets(reader: ConfigReader): ReadonlyMap<number, number> {
  const offsets = new Map<number, number>();
  for (const { id, offset } of walkCapabilities(reader).entries)
    if (!offsets.has(id)) offsets.set(id, offset);
  return offsets;
}

/**
 * Walks the extended list (PCI Express Base 6.0, 7.6.3) from 0x100. A function that has none reads 0 or all ones
 * there. Throws only what the reader throws inside its own size.
 */
export function walkExtendedCapabilities(reader: ConfigReader): CapabilityWalk<ExtendedCapability> {
  const entries: ExtendedCapability[] = [];
  const findings: CapabilityFinding[] = [];
  const walk = { entries, findings };
  let from = EXTENDED_START;
  let offset = EXTENDED_START;
  const stop = (code: CapabilityFinding['code']) => {
    findings.push({ code, list: 'extended', from, offset });
    return walk;
  };
  const visited = new Set<number>();
  while (offset !== 0) {
    if (offset < EXTENDED_START) return stop('CAPABILITY_IN_HEADER');
    if (visited.has(offset)) return stop('CAPABILITY_LOOP');
    if (!isReadable(reader, offset, 4)) {
      // A space of 256 bytes simply has no extended list.
      return entries.length === 0 ? walk : stop('CAPABILITY_UNREADABLE');
    }
    const header = reader.read(offset, 4) >>> 0;
    if (header === 0 || header === ALL_ONES) {
      return entries.length === 0 || header === 0 ? walk : stop('CAPABILITY_BROKEN');
    }
    visited.add(offset);
    entries.push({ id: header & 0xffff, version: (header >>> 16) & 0xf, offset });
    from = offset;
    offset = (header >>> 20) & ~3;
  }
  return walk;
}

/** Where the first capability of an id stands in the extended list; undefined where there is none. */
export function extendedCapabilityOffset(reader: ConfigReader, id: number): number | undefined {
  return walkExtendedCapabilities(reader).entries.find((entry) => entry.id === id)?.offset;
}
