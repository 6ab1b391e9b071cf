/** The table of AMD's I/O virtualization (AMD I/O Virtualization Technology Specification 3.08, 5.2.2). */
import { MalformedTable, tableView, type RemappingTable, type ReservedMemory } from './remapping.js';

const FIRST_BLOCK = 48;
/** Blocks of hardware come up to three times, once for each kind of software that can read them. */
const HARDWARE_KINDS = [0x10, 0x11, 0x40];
const MEMORY_ALL = 0x20;
const MEMORY_ONE = 0x21;
const MEMORY_RANGE = 0x22;
const MEMORY_BYTES = 32;
/** The range is kept from translation and not mapped: nothing that is in anybody's way. */
const EXCLUSION = 0x08;
const ALL_FUNCTIONS = 0xffff;

/** @throws {MalformedTable} */
export function parseIvrs(bytes: Uint8Array): RemappingTable {
  const view = tableView(bytes, 'IVRS');
  const units = new Set<number>();
  const reserved: ReservedMemory[] = [];
  for (let at = FIRST_BLOCK; at < view.byteLength;) {
    if (at + 4 > view.byteLength) throw new MalformedTable(`a block at ${at} is cut off`);
    const type = view.getUint8(at);
    const length = view.getUint16(at + 2, true);
    if (length < 4 || at + length > view.byteLength)
      throw new MalformedTable(`a block at ${at} has ${length} bytes`);
    if (HARDWARE_KINDS.includes(type) && length >= 6) units.add(view.getUint16(at + 4, true));
    if (type >= MEMORY_ALL && type <= MEMORY_RANGE) {
      if (length < MEMORY_BYTES) throw new MalformedTable(`a block of memory at ${at} has ${length} bytes`);
      if ((view.getUint8(at + 1) & EXCLUSION) === 0) reserved.push(memoryAt(view, at, type));
    }
    at += length;
  }
  return { kind: 'IVRS', units: units.size, remapsInterrupts: undefined, reserved };
}

function memoryAt(view: DataView, at: number, type: number): ReservedMemory {
  const id = view.getUint16(at + 4, true);
  const first = view.getBigUint64(at + 16, true);
  const range =
    type === MEMORY_ALL
      ? { first: 0, last: ALL_FUNCTIONS }
      : { first: id, last: type === MEMORY_ONE ? id : view.getUint16(at + 6, true) };
  return {
    first,
    last: first + view.getBigUint64(at + 24, true) - 1n,
    devices: [],
    ranges: [{ segment: 0, ...range }],
  };
}
