/** The DMA remapping table of Intel's VT-d (Virtualization Technology for Directed I/O 4.1, chapter 8). */
import {
  MalformedTable,
  tableView,
  type RemappingTable,
  type ReservedMemory,
  type ScopedPath,
} from './remapping.js';

const FLAGS = 37;
const INTERRUPT_REMAPPING = 1;
const FIRST_STRUCTURE = 48;
const UNIT = 0;
const RESERVED_MEMORY = 1;
/** Kinds of device scope that name a function: an endpoint, and a bridge with all behind it. */
const ENDPOINT = 1;
const SUB_HIERARCHY = 2;
const SCOPE_BYTES = 6;
/** Bytes of a reserved memory structure before its device scopes. */
const RESERVED_BYTES = 24;

/** @throws {MalformedTable} */
export function parseDmar(bytes: Uint8Array): RemappingTable {
  const view = tableView(bytes, 'DMAR');
  if (view.byteLength < FIRST_STRUCTURE) throw new MalformedTable('it ends before its first structure');
  let units = 0;
  const reserved: ReservedMemory[] = [];
  for (let at = FIRST_STRUCTURE; at < view.byteLength;) {
    if (at + 4 > view.byteLength) throw new MalformedTable(`a structure at ${at} is cut off`);
    const type = view.getUint16(at, true);
    const length = view.getUint16(at + 2, true);
    if (length < 4 || at + length > view.byteLength)
      throw new MalformedTable(`a structure at ${at} has ${length} bytes`);
    if (type === UNIT) units++;
    if (type === RESERVED_MEMORY) {
      if (length < RESERVED_BYTES) throw new MalformedTable(`reserved memory at ${at} has ${length} bytes`);
      reserved.push({
        first: view.getBigUint64(at + 8, true),
        last: view.getBigUint64(at + 16, true),
        devices: scopes(view, at + RESERVED_BYTES, at + length, view.getUint16(at + 6, true)),
        ranges: [],
      });
    }
    at += length;
  }
  const remapsInterrupts = (view.getUint8(FLAGS) & INTERRUPT_REMAPPING) !== 0;
  return { kind: 'DMAR', units, remapsInterrupts, reserved };
}

function scopes(view: DataView, start: number, end: number, segment: number): ScopedPath[] {
  const paths: ScopedPath[] = [];
  for (let at = start; at < end;) {
    const length = at + SCOPE_BYTES <= end ? view.getUint8(at + 1) : 0;
    if (length < SCOPE_BYTES || at + length > end)
      throw new MalformedTable(`a device scope at ${at} is cut off`);
    const type = view.getUint8(at);
    if (type === ENDPOINT || type === SUB_HIERARCHY) {
      const steps: { device: number; function: number }[] = [];
      for (let step = at + SCOPE_BYTES; step + 2 <= at + length; step += 2)
        steps.push({ device: view.getUint8(step), function: view.getUint8(step + 1) });
      paths.push({ segment, bus: view.getUint8(at + 5), steps });
    }
    at += length;
  }
  return paths;
}
