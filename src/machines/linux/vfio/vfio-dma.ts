/** Memory that a program shares with a device behind the IOMMU, by VFIO's mappings. */
import { readFileSync } from 'node:fs';
import {
  DMA_PAGE,
  DmaError,
  DmaPlacement,
  IovaSpace,
  wholePages,
  type Dma,
  type DmaBuffer,
  type DmaConstraints,
  type DmaSegment,
  type Iova,
} from '../../../function/index.js';
import { MemoryFile, memoryAddress, SystemCallError } from '../../../os/index.js';
import { LockedMemoryError } from './errors.js';
import type { IommuSpace } from './path.js';

/** Page 0 and what PCs keep below 1 MB are never given out: an address of 0 is an error of the program. */
const FIRST_IOVA = 0x10_0000n;
const HIGHEST = BigInt(Number.MAX_SAFE_INTEGER);

/** Addresses of one group's space that are taken, in all of its ranges. */
export class GroupIovas {
  readonly space: IommuSpace;
  readonly #ranges: readonly { readonly end: number; readonly iovas: IovaSpace }[];

  constructor(space: IommuSpace) {
    this.space = space;
    const page = BigInt(DMA_PAGE);
    this.#ranges = space.ranges.flatMap(({ first, last }) => {
      const start = first < FIRST_IOVA ? FIRST_IOVA : ((first + page - 1n) / page) * page;
      const end = (last >= HIGHEST ? HIGHEST : last + 1n) / page;
      return end * page > start
        ? [{ end: Number(end * page), iovas: new IovaSpace(Number(start), Number(end * page)) }]
        : [];
    });
  }

  /** The lowest place that fits. @throws {DmaError} */
  allocate(placement: DmaPlacement): number {
    for (const { iovas } of this.#ranges) {
      try {
        return iovas.allocate(placement);
      } catch (cause) {
        if (!(cause instanceof DmaError)) throw cause;
      }
    }
    throw placement.noAddress();
  }

  free(start: number): void {
    this.#ranges.find(({ end }) => start < end)?.iovas.free(start);
  }
}

class VfioBuffer implements DmaBuffer {
  readonly bytes: Uint8Array;
  readonly iova: Iova;
  readonly segments: readonly DmaSegment[];
  readonly fileOffset: number;
  #release: (() => void) | undefined;

  constructor(bytes: Uint8Array, start: number, segments: readonly DmaSegment[], release: () => void) {
    this.bytes = bytes;
    this.iova = BigInt(start) as Iova;
    this.segments = segments;
    this.fileOffset = start;
    this.#release = release;
  }

  [Symbol.dispose](): void {
    this.#release?.();
    this.#release = undefined;
  }
}

export class VfioDma implements Dma {
  readonly #name: string;
  /** Takes the function; throws once the view is closed. */
  readonly #iovas: () => GroupIovas;
  readonly #buffers = new Set<VfioBuffer>();
  #file: MemoryFile | undefined;

  /** `name` is what the kernel shows of the memory's file. */
  constructor(name: string, iovas: () => GroupIovas) {
    this.#name = name;
    this.#iovas = iovas;
  }

  get file(): number {
    return this.#openFile().fd;
  }

  /** @throws {DmaError | LockedMemoryError | FunctionClosedError | SystemCallError} */
  allocate(bytes: number, constraints?: DmaConstraints): Promise<DmaBuffer> {
    return Promise.resolve().then(() => {
      const iovas = this.#iovas();
      const placement = new DmaPlacement(bytes, constraints);
      const start = iovas.allocate(placement);
      try {
        return this.#map(iovas, placement, start);
      } catch (cause) {
        iovas.free(start);
        throw cause;
      }
    });
  }

  #map(iovas: GroupIovas, placement: DmaPlacement, start: number): DmaBuffer {
    const size = wholePages(placement.bytes);
    const iova = BigInt(start) as Iova;
    // In the file it stands where the device finds it.
    const memory = this.#openFile().map(start, size);
    try {
      iovas.space.map(memoryAddress(memory.bytes), iova, size);
    } catch (cause) {
      memory.free();
      if (cause instanceof SystemCallError && cause.errno === 'ENOMEM')
        throw new LockedMemoryError(size, lockedMemoryLimit(), { cause });
      throw cause;
    }
    const buffer = new VfioBuffer(memory.bytes, start, placement.segments(iova), () => {
      this.#buffers.delete(buffer);
      // The device first: pages that it reaches are never anybody else's.
      iovas.space.unmap(iova, size);
      memory.free();
      iovas.free(start);
    });
    this.#buffers.add(buffer);
    return buffer;
  }

  #openFile(): MemoryFile {
    return (this.#file ??= new MemoryFile(this.#name));
  }

  close(): void {
    for (const buffer of [...this.#buffers]) buffer[Symbol.dispose]();
    this.#file?.close();
    this.#file = undefined;
  }
}

/** Bytes that this process may keep from being moved, as the kernel writes it. */
function lockedMemoryLimit(): string {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  return /^Max locked memory\s+(\S+)/m.exec(limits)?.[1] ?? 'unknown';
}
