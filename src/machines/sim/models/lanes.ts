/** Byte lanes: which bits of a register of 32 bits an access of 1, 2 or 4 bytes concerns. */

/** The bits, where they stand in the register. */
export function laneMask(offset: number, width: 1 | 2 | 4): number {
  if (width === 4) return 0xffff_ffff;
  return ((width === 2 ? 0xffff : 0xff) << ((offset & 3) * 8)) >>> 0;
}

/** A value of the access, moved to where it stands in the register; other bits are 0. */
export function toLanes(offset: number, value: number): number {
  return (value << ((offset & 3) * 8)) >>> 0;
}

/** What the access reads of the register's value. */
export function fromLanes(offset: number, width: 1 | 2 | 4, value: number): number {
  return ((value & laneMask(offset, width)) >>> 0) >>> ((offset & 3) * 8);
}

/** The register's value after a plain write of the access. */
export function merge(before: number, offset: number, width: 1 | 2 | 4, value: number): number {
  return ((before & ~laneMask(offset, width)) | toLanes(offset, value)) >>> 0;
}
