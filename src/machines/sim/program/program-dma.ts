/** DMA memory of a program that drives a simulated function, mapped into the function's own IOMMU context. */
import type {
  Dma,
  DmaBuffer,
  HostControl,
  IommuContext,
  Iova,
  MemoryRange,
  PhysicalAddress,
} from '../../../function/index.js';

/** Page 0 is never given out: an address of 0 is an error of the program. */
const FIRST_IOVA = 0x10_0000;
const READ_WRITE = { read: true, write: true };

/** Addresses on the device's side that are taken, for all programs that have the same function open. */
export class IovaSpace {
  readonly #taken: { readonly start: number; readonly end: number }[] = [];

  /** The lowest free place: devices with few address lines reach it. */
  allocate(bytes: number): number {
    let start = FIRST_IOVA;
    let index = 0;
    for (const other of this.#taken) {
      if (other.start - start >= bytes) break;
      start = other.end;
      index++;
    }
    this.#taken.splice(index, 0, { start, end: start + bytes });
    return start;
  }

  free(start: number): void {
    const index = this.#taken.findIndex((range) => range.start === start);
    if (index >= 0) this.#taken.splice(index, 1);
  }
}

class ProgramBuffer implements DmaBuffer {
  readonly bytes: Uint8Array;
  readonly iova: Iova;
  #release: (() => void) | undefined;

  constructor(bytes: Uint8Array, iova: Iova, release: () => void) {
    this.bytes = bytes;
    this.iova = iova;
    this.#release = release;
  }

  [Symbol.dispose](): void {
    this.#release?.();
    this.#release = undefined;
  }
}

/** Where a device finds memory, and the end of that. */
interface Mapping {
  readonly iova: Iova;
  readonly unmap: () => void;
}

/** Without an IOMMU a device needs the machine's own address. */
function untranslated({ base }: MemoryRange): Mapping {
  return { iova: BigInt(base) as Iova, unmap: () => undefined };
}

export class ProgramDma implements Dma {
  readonly #host: HostControl;
  readonly #context: () => IommuContext;
  readonly #space: IovaSpace;
  readonly #buffers = new Set<ProgramBuffer>();
  readonly #checkOpen: () => void;

  constructor(host: HostControl, space: IovaSpace, context: () => IommuContext, checkOpen: () => void) {
    this.#host = host;
    this.#checkOpen = checkOpen;
    this.#space = space;
    this.#context = context;
  }

  /** The device reaches whole pages, at least `bytes`. @throws {MachineMemoryError | FunctionClosedError} */
  allocate(bytes: number): Promise<DmaBuffer> {
    return Promise.resolve().then(() => {
      // Asked for now, not before: what is closed meanwhile would never free it.
      this.#checkOpen();
      const range = this.#host.allocateMemory(bytes);
      return this.#map(range, bytes);
    });
  }

  #map(range: MemoryRange, bytes: number): DmaBuffer {
    const size = range.buffer.byteLength;
    const { iova, unmap } = this.#host.translates ? this.#translated(range.base, size) : untranslated(range);
    const buffer = new ProgramBuffer(new Uint8Array(range.buffer, 0, bytes), iova, () => {
      this.#buffers.delete(buffer);
      unmap();
      range.free();
    });
    this.#buffers.add(buffer);
    return buffer;
  }

  #translated(base: PhysicalAddress, size: number): Mapping {
    const start = this.#space.allocate(size);
    const iova = BigInt(start) as Iova;
    const context = this.#context();
    context.map(iova, base, size, READ_WRITE);
    const unmap = () => {
      context.unmap(iova, size);
      this.#space.free(start);
    };
    return { iova, unmap };
  }

  close(): void {
    for (const buffer of [...this.#buffers]) buffer[Symbol.dispose]();
  }
}
