/** DMA through the device file `busdma`: memory that it allocates, mapped by its physical address. */
import {
  DmaError,
  DmaPlacement,
  wholePages,
  type Dma,
  type DmaBuffer,
  type DmaConstraints,
  type DmaSegment,
  type Iova,
} from '../../function/index.js';
import { ioctl, mapFile, SystemCallError, type Mapping } from '../../os/index.js';
import {
  BusdmaCall,
  BusdmaRequest,
  PROTO_IOC_BUSDMA,
  type MapPlace,
  type TagLimits,
} from '../../proto/abi/index.js';
import type { OpenedFile, SharedFiles } from './shared-files.js';

const EVERYWHERE = 0xffff_ffff_ffff_ffffn;

export class FileDma implements Dma {
  readonly #files: SharedFiles;
  readonly #checkOpen: () => void;
  readonly #live = new Set<AllocatedBuffer>();
  /** Opened with the first buffer: its end switches the device's bus mastering off. */
  #busdma: OpenedFile | undefined;

  constructor(files: SharedFiles, checkOpen: () => void) {
    this.#files = files;
    this.#checkOpen = checkOpen;
  }

  /** @throws {DmaError | DeviceFileError | SystemCallError | FunctionClosedError} */
  allocate(bytes: number, constraints: DmaConstraints = {}): Promise<DmaBuffer> {
    return Promise.resolve().then(() => {
      this.#checkOpen();
      // Refuses what cannot be, in the port's words.
      const { bytes: wanted } = new DmaPlacement(bytes, constraints);
      this.#busdma ??= this.#files.use('busdma');
      const buffer = new AllocatedBuffer(this.#busdma, wanted, constraints, () => this.#live.delete(buffer));
      this.#live.add(buffer);
      return buffer;
    });
  }

  close(): void {
    for (const buffer of [...this.#live]) buffer[Symbol.dispose]();
    this.#busdma?.[Symbol.dispose]();
    this.#busdma = undefined;
  }
}

/** A tag of its own, and the memory that was allocated by it. */
class AllocatedBuffer implements DmaBuffer {
  readonly bytes: Uint8Array;
  readonly iova: Iova;
  readonly segments: readonly DmaSegment[];
  readonly #file: OpenedFile;
  readonly #tag: bigint;
  readonly #map: bigint;
  readonly #mapping: Mapping;
  readonly #onFree: () => void;
  #freed = false;

  constructor(file: OpenedFile, bytes: number, constraints: DmaConstraints, onFree: () => void) {
    this.#file = file;
    this.#onFree = onFree;
    const create = new BusdmaCall(BusdmaRequest.tagCreate);
    create.tag = limitsOf(bytes, constraints);
    this.#tag = this.#call(create, bytes).result;
    try {
      const allocate = new BusdmaCall(BusdmaRequest.memAlloc);
      allocate.mapTag = this.#tag;
      const { result, place } = this.#call(allocate, bytes);
      this.#map = result;
      try {
        this.#mapping = mapFile(file.fd, Number(place.physAddr), wholePages(bytes), file.path);
        this.iova = place.busAddr as Iova;
        this.segments = this.#segments(place, bytes);
      } catch (cause) {
        this.#call(new BusdmaCall(BusdmaRequest.memFree, this.#map), bytes);
        throw cause;
      }
    } catch (cause) {
      this.#call(new BusdmaCall(BusdmaRequest.tagDestroy, this.#tag), bytes);
      throw cause;
    }
    this.bytes = new Uint8Array(this.#mapping.buffer, 0, bytes);
    // Of who served the memory before there may be something left: FreeBSD zeroes only what is asked to be.
    this.bytes.fill(0);
  }

  [Symbol.dispose](): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#onFree();
    this.#mapping.abandon();
    try {
      this.#call(new BusdmaCall(BusdmaRequest.memFree, this.#map), this.bytes.length);
      this.#call(new BusdmaCall(BusdmaRequest.tagDestroy, this.#tag), this.bytes.length);
    } catch (cause) {
      // With its server, or its function, the memory went as well.
      if (!(cause instanceof SystemCallError)) throw cause;
    }
  }

  #segments({ busAddr, busNsegs }: MapPlace, bytes: number): readonly DmaSegment[] {
    if (busNsegs === 1) return [{ iova: busAddr as Iova, bytes }];
    return Array.from({ length: busNsegs }, (_, index) => {
      const call = new BusdmaCall(BusdmaRequest.mdSegment, this.#map);
      call.segmentIndex = index;
      const { place } = this.#call(call, bytes);
      return { iova: place.busAddr as Iova, bytes: Number(place.virtSize) };
    });
  }

  #call(call: BusdmaCall, bytes: number): BusdmaCall {
    try {
      ioctl(this.#file.fd, PROTO_IOC_BUSDMA, call.bytes, this.#file.path);
    } catch (cause) {
      if (!(cause instanceof SystemCallError)) throw cause;
      if (cause.errno === 'EFBIG')
        throw new DmaError('DMA_CONSTRAINTS', bytes, 'the server has no such memory');
      if (cause.errno === 'ENOMEM') throw new DmaError('DMA_NO_ADDRESS', bytes, 'the server has none left');
      throw cause;
    }
    return call;
  }
}

/** 1 and 0 are no alignment and no boundary. */
function limitsOf(
  bytes: number,
  { alignment = 1, boundary = 0, highest, segments = 1, segmentBytes = bytes }: DmaConstraints,
): TagLimits {
  return {
    align: BigInt(alignment),
    bndry: BigInt(boundary),
    maxaddr: highest ?? EVERYWHERE,
    maxsz: BigInt(bytes),
    maxsegsz: BigInt(segmentBytes),
    nsegs: segments,
    datarate: 0,
    flags: 0,
  };
}
