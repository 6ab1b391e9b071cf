/** iommufd's control requests (linux/include/uapi/linux/iommufd.h), and those that bind a device to it (linux/vfio.h). */
import type { IovaRange } from './requests.js';

/** Type ';', numbers from 0x80 on, no size coded. */
const FIRST = 0x3b80;

export const IommufdRequest = {
  allocateIoas: FIRST + 1,
  iovaRanges: FIRST + 4,
  map: FIRST + 5,
  unmap: FIRST + 6,
} as const;

const FIXED_IOVA = 1;
const WRITEABLE = 2;
const READABLE = 4;

function structure(size: number): { readonly bytes: Uint8Array; readonly fields: DataView } {
  const bytes = new Uint8Array(size);
  const fields = new DataView(bytes.buffer);
  fields.setUint32(0, size, true);
  return { bytes, fields };
}

/** struct vfio_device_bind_iommufd { u32 argsz, flags; s32 iommufd; u32 out_devid } */
export function bindIommufd(iommufd: number): Uint8Array {
  const { bytes, fields } = structure(16);
  fields.setInt32(8, iommufd, true);
  return bytes;
}

/** struct vfio_device_attach_iommufd_pt { u32 argsz, flags, pt_id } */
export function attachIoas(ioas: number): Uint8Array {
  const { bytes, fields } = structure(12);
  fields.setUint32(8, ioas, true);
  return bytes;
}

/** struct iommu_ioas_alloc { u32 size, flags, out_ioas_id } */
export function allocateIoas(): Uint8Array {
  return structure(12).bytes;
}

/** The number that the kernel wrote. */
export function allocatedIoas(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
}

const RANGE_BYTES = 16;

/** struct iommu_ioas_iova_ranges { u32 size, ioas_id, num_iovas, reserved; u64 allowed_iovas, out_iova_alignment } */
export function iovaRanges(ioas: number, address: bigint, room: number): Uint8Array {
  const { bytes, fields } = structure(32);
  fields.setUint32(4, ioas, true);
  fields.setUint32(8, room, true);
  fields.setBigUint64(16, address, true);
  return bytes;
}

/** How many there are, also where there was no room for them. */
export function iovaRangeCount(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
}

/** struct iommu_iova_range { u64 start, last }, in the memory that the request named. */
export function parseIovaRanges(memory: Uint8Array, count: number): readonly IovaRange[] {
  const fields = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  return Array.from({ length: count }, (_, index) => ({
    first: fields.getBigUint64(RANGE_BYTES * index, true),
    last: fields.getBigUint64(RANGE_BYTES * index + 8, true),
  }));
}

/** struct iommu_ioas_map { u32 size, flags, ioas_id, reserved; u64 user_va, length, iova } */
export function mapIoas(ioas: number, address: bigint, iova: bigint, length: number): Uint8Array {
  const { bytes, fields } = structure(40);
  fields.setUint32(4, FIXED_IOVA | WRITEABLE | READABLE, true);
  fields.setUint32(8, ioas, true);
  fields.setBigUint64(16, address, true);
  fields.setBigUint64(24, BigInt(length), true);
  fields.setBigUint64(32, iova, true);
  return bytes;
}

/** struct iommu_ioas_unmap { u32 size, ioas_id; u64 iova, length } */
export function unmapIoas(ioas: number, iova: bigint, length: number): Uint8Array {
  const { bytes, fields } = structure(24);
  fields.setUint32(4, ioas, true);
  fields.setBigUint64(8, iova, true);
  fields.setBigUint64(16, BigInt(length), true);
  return bytes;
}
