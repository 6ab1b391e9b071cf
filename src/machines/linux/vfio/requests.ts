/** VFIO's control requests: numbers, structures, flags (linux/include/uapi/linux/vfio.h). Little-endian, offsets in bytes. */

/** Type ';', numbers from 100 on, no size coded. */
const FIRST = 0x3b64;

export const Request = {
  getApiVersion: FIRST,
  checkExtension: FIRST + 1,
  setIommu: FIRST + 2,
  groupStatus: FIRST + 3,
  setContainer: FIRST + 4,
  getDevice: FIRST + 6,
  deviceInfo: FIRST + 7,
  regionInfo: FIRST + 8,
  interruptInfo: FIRST + 9,
  setInterrupts: FIRST + 10,
  reset: FIRST + 11,
  /** On a device. */
  hotResetInfo: FIRST + 12,
  hotReset: FIRST + 13,
  /** On a container, where the numbers are used again. */
  iommuInfo: FIRST + 12,
  mapDma: FIRST + 13,
  unmapDma: FIRST + 14,
  /** On a device that was opened by its own file. */
  bindIommufd: FIRST + 18,
  attachIoas: FIRST + 19,
} as const;

export const API_VERSION = 0;
/** An IOMMU whose mappings are made and ended one by one, each as it was made. */
export const TYPE1_V2 = 3;

export const GROUP_VIABLE = 1;
export const DEVICE_RESETS = 1;

export const CONFIG_REGION = 7;

export const InterruptIndex = { intx: 0, msi: 1, msix: 2 } as const;
/** The vectors of one kind are switched on together: their number cannot grow while it is on. */
export const NO_RESIZE = 8;

const DATA_NONE = 1;
const DATA_EVENTFD = 4;
const ACTION_UNMASK = 16;
const ACTION_TRIGGER = 32;
/** Takes the counter from a vector. */
export const NO_COUNTER = -1;

export interface RegionDescription {
  readonly readable: boolean;
  readonly writable: boolean;
  /** Bytes. */
  readonly size: number;
  /** In the device's file. */
  readonly offset: number;
  /** Ranges of it that can be mapped, in order; empty when it cannot be. */
  readonly mappable: readonly { readonly offset: number; readonly size: number }[];
}

export interface InterruptDescription {
  readonly count: number;
  readonly canGrow: boolean;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `size` zeroed bytes whose first 4 are their number, as most structures begin. */
function structure(size: number): { readonly bytes: Uint8Array; readonly fields: DataView } {
  const bytes = new Uint8Array(size);
  const fields = view(bytes);
  fields.setUint32(0, size, true);
  return { bytes, fields };
}

/** What the kernel would have liked to write, in bytes; a shorter structure got the beginning of it. */
export function wantedSize(bytes: Uint8Array): number {
  return view(bytes).getUint32(0, true);
}

export function flagsOf(bytes: Uint8Array): number {
  return view(bytes).getUint32(4, true);
}

/** struct vfio_group_status { u32 argsz, flags } */
export function groupStatus(): Uint8Array {
  return structure(8).bytes;
}

/** struct vfio_device_info { u32 argsz, flags, num_regions, num_irqs } */
export function deviceInfo(): Uint8Array {
  return structure(16).bytes;
}

const REGION_INFO_BYTES = 32;
const REGION_READ = 1;
const REGION_WRITE = 2;
const REGION_MMAP = 4;
const HAS_CAPABILITIES = 8;
const SPARSE_MMAP = 1;

/**
 * struct vfio_region_info { u32 argsz, flags, index, cap_offset; u64 size, offset } and its capabilities.
 * @param size as {@link wantedSize} of a first call says, where there are capabilities.
 */
export function regionInfo(index: number, size = REGION_INFO_BYTES): Uint8Array {
  const { bytes, fields } = structure(size);
  fields.setUint32(8, index, true);
  return bytes;
}

export function parseRegionInfo(bytes: Uint8Array): RegionDescription {
  const fields = view(bytes);
  const flags = flagsOf(bytes);
  const size = Number(fields.getBigUint64(16, true));
  const whole = (flags & REGION_MMAP) !== 0 && size > 0 ? [{ offset: 0, size }] : [];
  return {
    readable: (flags & REGION_READ) !== 0,
    writable: (flags & REGION_WRITE) !== 0,
    size,
    offset: Number(fields.getBigUint64(24, true)),
    mappable: (flags & HAS_CAPABILITIES) === 0 ? whole : (sparseAreas(bytes) ?? whole),
  };
}

/** Areas of the capability that says that only parts of a region can be mapped; undefined without one. */
function sparseAreas(bytes: Uint8Array): RegionDescription['mappable'] | undefined {
  const capability = capabilities(bytes, view(bytes).getUint32(12, true)).find(
    ({ id }) => id === SPARSE_MMAP,
  );
  if (capability === undefined) return undefined;
  // struct vfio_region_info_cap_sparse_mmap { header; u32 nr_areas, reserved; { u64 offset, size } areas[] }
  const fields = view(bytes);
  const count = fields.getUint32(capability.at + 8, true);
  return Array.from({ length: count }, (_, index) => {
    const at = capability.at + 16 + 16 * index;
    return {
      offset: Number(fields.getBigUint64(at, true)),
      size: Number(fields.getBigUint64(at + 8, true)),
    };
  }).filter(({ size }) => size > 0);
}

/** struct vfio_info_cap_header { u16 id, version; u32 next }: a list in the structure, each with its offset in it. */
function capabilities(
  bytes: Uint8Array,
  first: number,
): readonly { readonly id: number; readonly at: number }[] {
  const fields = view(bytes);
  const found: { id: number; at: number }[] = [];
  for (let at = first; at >= 8 && at + 8 <= bytes.length; at = fields.getUint32(at + 4, true)) {
    // One that leads back would never end.
    if (found.some((other) => other.at === at)) break;
    found.push({ id: fields.getUint16(at, true), at });
  }
  return found;
}

/** struct vfio_irq_info { u32 argsz, flags, index, count } */
export function interruptInfo(index: number): Uint8Array {
  const { bytes, fields } = structure(16);
  fields.setUint32(8, index, true);
  return bytes;
}

export function parseInterruptInfo(bytes: Uint8Array): InterruptDescription {
  return { count: view(bytes).getUint32(12, true), canGrow: (flagsOf(bytes) & NO_RESIZE) === 0 };
}

/** struct vfio_irq_set { u32 argsz, flags, index, start, count; data[] }: counters of consecutive vectors. */
export function setCounters(index: number, start: number, counters: readonly number[]): Uint8Array {
  const { bytes, fields } = structure(20 + 4 * counters.length);
  fields.setUint32(4, DATA_EVENTFD | ACTION_TRIGGER, true);
  fields.setUint32(8, index, true);
  fields.setUint32(12, start, true);
  fields.setUint32(16, counters.length, true);
  for (const [vector, fd] of counters.entries()) fields.setInt32(20 + 4 * vector, fd, true);
  return bytes;
}

/** Switches a whole kind off. */
export function disableInterrupts(index: number): Uint8Array {
  const { bytes, fields } = structure(20);
  fields.setUint32(4, DATA_NONE | ACTION_TRIGGER, true);
  fields.setUint32(8, index, true);
  return bytes;
}

/** Lets the pin, which is masked at each interrupt, through again. */
export function unmaskPin(): Uint8Array {
  const { bytes, fields } = structure(20);
  fields.setUint32(4, DATA_NONE | ACTION_UNMASK, true);
  fields.setUint32(8, InterruptIndex.intx, true);
  fields.setUint32(16, 1, true);
  return bytes;
}

const HOT_RESET_INFO_BYTES = 12;
const DEPENDENT_BYTES = 8;

/** A function that a reset of the bus or slot reaches as well. */
export interface Dependent {
  readonly group: number;
  readonly segment: number;
  readonly bus: number;
  readonly devfn: number;
}

/** struct vfio_pci_hot_reset_info { u32 argsz, flags, count; { u32 group_id; u16 segment; u8 bus, devfn } devices[] } */
export function hotResetInfo(room: number): Uint8Array {
  return structure(HOT_RESET_INFO_BYTES + DEPENDENT_BYTES * room).bytes;
}

/** How many functions there are, also where the structure had no room for them. */
export function dependentCount(bytes: Uint8Array): number {
  return view(bytes).getUint32(8, true);
}

export function parseHotResetInfo(bytes: Uint8Array): readonly Dependent[] {
  const fields = view(bytes);
  return Array.from({ length: dependentCount(bytes) }, (_, index) => {
    const at = HOT_RESET_INFO_BYTES + DEPENDENT_BYTES * index;
    return {
      group: fields.getUint32(at, true),
      segment: fields.getUint16(at + 4, true),
      bus: fields.getUint8(at + 6),
      devfn: fields.getUint8(at + 7),
    };
  });
}

/** struct vfio_pci_hot_reset { u32 argsz, flags, count; s32 group_fds[] } */
export function hotReset(groups: readonly number[]): Uint8Array {
  const { bytes, fields } = structure(12 + 4 * groups.length);
  fields.setUint32(8, groups.length, true);
  for (const [index, fd] of groups.entries()) fields.setInt32(12 + 4 * index, fd, true);
  return bytes;
}

const IOMMU_INFO_BYTES = 24;
const IOMMU_HAS_PAGE_SIZES = 1;
const IOMMU_HAS_CAPABILITIES = 2;
const IOVA_RANGES = 1;

/** Addresses that devices may use, both ends included. */
export interface IovaRange {
  readonly first: bigint;
  readonly last: bigint;
}

export interface IommuDescription {
  /** Each page size is its own bit. */
  readonly pageSizes: bigint;
  /** In order; undefined where the kernel does not tell. */
  readonly ranges: readonly IovaRange[] | undefined;
}

/** struct vfio_iommu_type1_info { u32 argsz, flags; u64 iova_pgsizes; u32 cap_offset, pad } and its capabilities. */
export function iommuInfo(size = IOMMU_INFO_BYTES): Uint8Array {
  return structure(size).bytes;
}

export function parseIommuInfo(bytes: Uint8Array): IommuDescription {
  const fields = view(bytes);
  const flags = flagsOf(bytes);
  const pageSizes = (flags & IOMMU_HAS_PAGE_SIZES) === 0 ? 4096n : fields.getBigUint64(8, true);
  if ((flags & IOMMU_HAS_CAPABILITIES) === 0) return { pageSizes, ranges: undefined };
  const found = capabilities(bytes, fields.getUint32(16, true)).find(({ id }) => id === IOVA_RANGES);
  if (found === undefined) return { pageSizes, ranges: undefined };
  // struct vfio_iommu_type1_info_cap_iova_range { header; u32 nr_iovas, reserved; { u64 start, end } ranges[] }
  const ranges = Array.from({ length: fields.getUint32(found.at + 8, true) }, (_, index) => {
    const at = found.at + 16 + 16 * index;
    return { first: fields.getBigUint64(at, true), last: fields.getBigUint64(at + 8, true) };
  });
  return { pageSizes, ranges };
}

const MAP_READ = 1;
const MAP_WRITE = 2;

/** struct vfio_iommu_type1_dma_map { u32 argsz, flags; u64 vaddr, iova, size } */
export function mapDma(address: bigint, iova: bigint, bytes: number): Uint8Array {
  const { bytes: map, fields } = structure(32);
  fields.setUint32(4, MAP_READ | MAP_WRITE, true);
  fields.setBigUint64(8, address, true);
  fields.setBigUint64(16, iova, true);
  fields.setBigUint64(24, BigInt(bytes), true);
  return map;
}

/** struct vfio_iommu_type1_dma_unmap { u32 argsz, flags; u64 iova, size } */
export function unmapDma(iova: bigint, bytes: number): Uint8Array {
  const { bytes: unmap, fields } = structure(24);
  fields.setBigUint64(8, iova, true);
  fields.setBigUint64(16, BigInt(bytes), true);
  return unmap;
}
