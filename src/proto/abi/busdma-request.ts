/** PROTO_IOC_BUSDMA as data: its number, its requests, and the layout of its argument on 64-bit machines. */
import { protoRequest } from './ioctl-numbers.js';

/** Requests as FreeBSD's sys/dev/proto/proto_dev.h numbers them, and two of ours far behind the last of those. */
export const BusdmaRequest = {
  tagCreate: 1,
  tagDerive: 2,
  tagDestroy: 3,
  memAlloc: 10,
  memFree: 11,
  mdCreate: 20,
  mdDestroy: 21,
  mdLoad: 22,
  mdUnload: 29,
  sync: 30,
  /** Ours: one segment of a loaded map, which FreeBSD tells the first of. */
  mdSegment: 0x1000,
  /** Ours: the oldest DMA that reached nothing and was not told yet. */
  fault: 0x1001,
} as const;

/** Bits of a sync: what comes next (`pre`) or is over (`post`), seen from the memory: a device's write is its read. */
export const SyncOp = { preRead: 1, postRead: 2, preWrite: 4, postWrite: 8 } as const;

/**
 * struct proto_ioc_busdma { u32 request; ulong key; union { … } u; ulong result; }: offsets in bytes. The union's
 * members lie over one another.
 */
export const BusdmaLayout = {
  bytes: 88,
  request: 0,
  key: 8,
  result: 80,
  /** ulong align, bndry, maxaddr, maxsz, maxsegsz; u32 nsegs, datarate, flags. */
  tag: { align: 16, bndry: 24, maxaddr: 32, maxsz: 40, maxsegsz: 48, nsegs: 56, datarate: 60, flags: 64 },
  /** ulong tag; u32 flags; ulong virt_addr, virt_size; u32 phys_nsegs; ulong phys_addr, bus_addr; u32 bus_nsegs. */
  md: {
    tag: 16,
    flags: 24,
    virtAddr: 32,
    virtSize: 40,
    physNsegs: 48,
    physAddr: 56,
    busAddr: 64,
    busNsegs: 72,
  },
  /** u32 op; ulong base, size. */
  sync: { op: 16 },
  /** Ours: u32 access, why; ulong address, total. */
  fault: { access: 16, why: 20, address: 24, total: 32 },
} as const;

export const PROTO_IOC_BUSDMA = protoRequest(2, BusdmaLayout.bytes);

/** What a tag demands, as the program says it. */
export interface TagLimits {
  readonly align: bigint;
  readonly bndry: bigint;
  readonly maxaddr: bigint;
  readonly maxsz: bigint;
  readonly maxsegsz: bigint;
  readonly nsegs: number;
  readonly datarate: number;
  readonly flags: number;
}

/** Where a map, or one segment of it, is. */
export interface MapPlace {
  readonly virtAddr: bigint;
  readonly virtSize: bigint;
  readonly physAddr: bigint;
  readonly busAddr: bigint;
  /** Segments that the device sees; what is told of memory is always one. */
  readonly busNsegs: number;
}

/** One call's argument, read and written in place. */
export class BusdmaArgument {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, BusdmaLayout.bytes);
  }

  get request(): number {
    return this.#view.getUint32(BusdmaLayout.request, true);
  }

  get key(): bigint {
    return this.#view.getBigUint64(BusdmaLayout.key, true);
  }

  set result(key: bigint) {
    this.#view.setBigUint64(BusdmaLayout.result, key, true);
  }

  get tag(): TagLimits {
    const { tag } = BusdmaLayout;
    return {
      align: this.#view.getBigUint64(tag.align, true),
      bndry: this.#view.getBigUint64(tag.bndry, true),
      maxaddr: this.#view.getBigUint64(tag.maxaddr, true),
      maxsz: this.#view.getBigUint64(tag.maxsz, true),
      maxsegsz: this.#view.getBigUint64(tag.maxsegsz, true),
      nsegs: this.#view.getUint32(tag.nsegs, true),
      datarate: this.#view.getUint32(tag.datarate, true),
      flags: this.#view.getUint32(tag.flags, true),
    };
  }

  /** All but the flags, which FreeBSD leaves as they were given. */
  set tag(limits: TagLimits) {
    const { tag } = BusdmaLayout;
    this.#view.setBigUint64(tag.align, limits.align, true);
    this.#view.setBigUint64(tag.bndry, limits.bndry, true);
    this.#view.setBigUint64(tag.maxaddr, limits.maxaddr, true);
    this.#view.setBigUint64(tag.maxsz, limits.maxsz, true);
    this.#view.setBigUint64(tag.maxsegsz, limits.maxsegsz, true);
    this.#view.setUint32(tag.nsegs, limits.nsegs, true);
    this.#view.setUint32(tag.datarate, limits.datarate, true);
  }

  /** Key of the tag that a new map is of. */
  get mapTag(): bigint {
    return this.#view.getBigUint64(BusdmaLayout.md.tag, true);
  }

  /** Memory of the caller that is to be loaded. */
  get memory(): { readonly address: bigint; readonly bytes: bigint } {
    return {
      address: this.#view.getBigUint64(BusdmaLayout.md.virtAddr, true),
      bytes: this.#view.getBigUint64(BusdmaLayout.md.virtSize, true),
    };
  }

  /** Which segment is asked for, counted from 0: it stands in the place of a map's flags. */
  get segmentIndex(): number {
    return this.#view.getUint32(BusdmaLayout.md.flags, true);
  }

  set place({ virtAddr, virtSize, physAddr, busAddr, busNsegs }: MapPlace) {
    const { md } = BusdmaLayout;
    this.#view.setBigUint64(md.virtAddr, virtAddr, true);
    this.#view.setBigUint64(md.virtSize, virtSize, true);
    this.#view.setUint32(md.physNsegs, 1, true);
    this.#view.setBigUint64(md.physAddr, physAddr, true);
    this.#view.setBigUint64(md.busAddr, busAddr, true);
    this.#view.setUint32(md.busNsegs, busNsegs, true);
  }

  get syncOp(): number {
    return this.#view.getUint32(BusdmaLayout.sync.op, true);
  }

  set fault({ access, why, address, total }: ToldFault) {
    const { fault } = BusdmaLayout;
    this.#view.setUint32(fault.access, access, true);
    this.#view.setUint32(fault.why, why, true);
    this.#view.setBigUint64(fault.address, address, true);
    this.#view.setBigUint64(fault.total, BigInt(total), true);
  }
}

/** A fault as a program is told it: numbers of {@link FaultAccess} and {@link FaultCause}. */
export interface ToldFault {
  readonly access: number;
  readonly why: number;
  readonly address: bigint;
  /** All faults since the file was opened. */
  readonly total: number;
}

export const FaultAccess = { read: 1, write: 2, message: 3 } as const;
export const FaultCause = { unmapped: 1, not_allowed: 2, quarantined: 3, bus_master_off: 4 } as const;
