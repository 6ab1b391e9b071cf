/** What both kinds of table say: IOMMU units, and memory that devices go on using whoever drives them. */

/** A device as firmware names it: by a root bus and the way from there, bridge after bridge. */
export interface ScopedPath {
  readonly segment: number;
  readonly bus: number;
  readonly steps: readonly { readonly device: number; readonly function: number }[];
}

/** Memory that firmware wants mapped one to one for some devices, for as long as the machine runs. */
export interface ReservedMemory {
  /** Addresses of the first and the last byte. */
  readonly first: bigint;
  readonly last: bigint;
  readonly devices: readonly ScopedPath[];
  /** Functions by requester id (bus << 8 | device << 3 | function), first and last of a range. */
  readonly ranges: readonly { readonly segment: number; readonly first: number; readonly last: number }[];
}

export interface RemappingTable {
  readonly kind: 'DMAR' | 'IVRS';
  readonly units: number;
  /** Whether interrupts can be remapped; undefined where the table does not say it. */
  readonly remapsInterrupts: boolean | undefined;
  readonly reserved: readonly ReservedMemory[];
}

/** A table that breaks off or lies about its lengths. */
export class MalformedTable extends Error {}

const HEADER_BYTES = 36;

/** The table's own bytes, as many as its header says. @throws {MalformedTable} */
export function tableView(bytes: Uint8Array, signature: string): DataView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES) throw new MalformedTable(`${bytes.length} bytes, less than a header`);
  const name = String.fromCharCode(...bytes.subarray(0, 4));
  if (name !== signature) throw new MalformedTable(`its signature is ${name}`);
  const length = view.getUint32(4, true);
  if (length < HEADER_BYTES || length > bytes.length)
    throw new MalformedTable(`its header says ${length} bytes of ${bytes.length}`);
  return new DataView(bytes.buffer, bytes.byteOffset, length);
}
