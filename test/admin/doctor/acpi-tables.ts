/** Tables of ACPI that describe IOMMUs, put together for tests. */

type Bytes = readonly number[];

const u16 = (value: number): Bytes => [value & 0xff, value >>> 8];
const u32 = (value: number): Bytes => [...u16(value & 0xffff), ...u16(value >>> 16)];
const u64 = (value: bigint): Bytes => [...u32(Number(value & 0xffff_ffffn)), ...u32(Number(value >> 32n))];
const text = (value: string): Bytes => [...value].map((character) => character.charCodeAt(0));

/** Header of 36 bytes, 12 of the table's own, then what it lists. */
function table(signature: string, own: Bytes, listed: readonly Bytes[]): Uint8Array {
  const body = [...own, ...listed.flat()];
  const length = 36 + body.length;
  return new Uint8Array([...text(signature), ...u32(length), ...new Array<number>(28).fill(0), ...body]);
}

/** `flags` bit 0: interrupts can be remapped. */
export function dmar(flags: number, structures: readonly Bytes[]): Uint8Array {
  return table('DMAR', [39, flags, ...new Array<number>(10).fill(0)], structures);
}

/** A remapping unit for everything of segment 0. */
export function dmarUnit(): Bytes {
  return [...u16(0), ...u16(16), 1, 0, ...u16(0), ...u64(0xfed90000n)];
}

/** Memory that is reserved for the function at the end of a path: device and function from the root bus 0 on. */
export function dmarReserved(
  first: bigint,
  last: bigint,
  path: readonly (readonly [number, number])[],
): Bytes {
  const scope = [1, 6 + 2 * path.length, 0, 0, 0, 0, ...path.flat()];
  return [...u16(1), ...u16(24 + scope.length), 0, 0, ...u16(0), ...u64(first), ...u64(last), ...scope];
}

export function ivrs(blocks: readonly Bytes[]): Uint8Array {
  return table('IVRS', new Array<number>(12).fill(0), blocks);
}

/** A unit, in the form that `kind` says (0x10, 0x11, 0x40). */
export function ivrsUnit(kind: number, id: number): Bytes {
  return [kind, 0, ...u16(24), ...u16(id), ...new Array<number>(18).fill(0)];
}

/** Memory of one function by its requester id, or of a range. */
export function ivrsMemory(id: number, start: bigint, bytes: bigint, last?: number, flags = 7): Bytes {
  const kind = last === undefined ? 0x21 : 0x22;
  return [kind, flags, ...u16(32), ...u16(id), ...u16(last ?? 0), ...u64(0n), ...u64(start), ...u64(bytes)];
}
