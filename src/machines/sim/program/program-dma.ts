/** DMA memory of a program that drives a simulated function, mapped into the function's own IOMMU context. */
import {
  DmaPlacement,
  IovaSpace,
  wholePages,
  type Dma,
  type DmaBuffer,
  type DmaConstraints,
  type DmaSegment,
  type IommuContext,
  type Iova,
  type PhysicalAddress,
} from '../../../function/index.js';
import type { FileMemory, MemoryFile } from '../host/memory-file.js';
import type { OwnedRange } from '../host/memory.js';
import type { SimHost } from '../host/sim-host.js';

/** Page 0 is never given out: an address of 0 is an error of the program. */
const FIRST_IOVA = 0x10_0000;
const READ_WRITE = { read: true, write: true };

/** Addresses on the device's side, for all programs that have the same function open. */
export function programIovas(): IovaSpace {
  return new IovaSpace(FIRST_IOVA);
}

interface BufferParts {
  readonly bytes: Uint8Array;
  readonly iova: Iova;
  readonly segments: readonly DmaSegment[];
  readonly fileOffset: number | undefined;
  readonly release: () => void;
}

class ProgramBuffer implements DmaBuffer {
  readonly bytes: Uint8Array;
  readonly iova: Iova;
  readonly segments: readonly DmaSegment[];
  readonly fileOffset?: number;
  #release: (() => void) | undefined;

  constructor({ bytes, iova, segments, fileOffset, release }: BufferParts) {
    this.bytes = bytes;
    this.iova = iova;
    this.segments = segments;
    if (fileOffset !== undefined) this.fileOffset = fileOffset;
    this.#release = release;
  }

  [Symbol.dispose](): void {
    this.#release?.();
    this.#release = undefined;
  }
}

export interface ProgramDmaParts {
  readonly host: SimHost;
  /** What is taken on the device's side, by all who have the function open. */
  readonly space: IovaSpace;
  readonly context: () => IommuContext;
  readonly memoryFile: (() => MemoryFile) | undefined;
  /** @throws {FunctionClosedError} */
  readonly checkOpen: () => void;
}

export class ProgramDma implements Dma {
  readonly #parts: ProgramDmaParts;
  readonly #buffers = new Set<ProgramBuffer>();
  #file: MemoryFile | undefined;
  #open = true;

  constructor(parts: ProgramDmaParts) {
    this.#parts = parts;
  }

  get file(): number | undefined {
    return this.#openFile()?.fd;
  }

  /** The device reaches whole pages, at least `bytes`. @throws {MachineMemoryError | FunctionClosedError | DmaError} */
  allocate(bytes: number, constraints?: DmaConstraints): Promise<DmaBuffer> {
    return Promise.resolve().then(() => {
      // Asked for now, not before: what is closed meanwhile would never free it.
      this.#parts.checkOpen();
      const placement = new DmaPlacement(bytes, constraints);
      return this.#parts.host.translates ? this.#translated(placement) : this.#untranslated(placement);
    });
  }

  #translated(placement: DmaPlacement): DmaBuffer {
    const { space, context } = this.#parts;
    const start = space.allocate(placement);
    try {
      // Behind the IOMMU any page will do; in the file it stands where the device finds it.
      const memory = this.#memory(new DmaPlacement(placement.bytes), () => start);
      const iova = BigInt(start) as Iova;
      const size = wholePages(placement.bytes);
      const table = context();
      try {
        table.map(iova, memory.range.base, size, READ_WRITE);
      } catch (cause) {
        memory.range.free();
        memory.inFile?.free();
        throw cause;
      }
      return this.#keep(placement, iova, memory, () => {
        table.unmap(iova, size);
        space.free(start);
      });
    } catch (cause) {
      space.free(start);
      throw cause;
    }
  }

  /** Without an IOMMU a device needs the machine's own address. */
  #untranslated(placement: DmaPlacement): DmaBuffer {
    const memory = this.#memory(placement, (base) => base);
    return this.#keep(placement, BigInt(memory.range.base) as Iova, memory, () => undefined);
  }

  #memory(placement: DmaPlacement, offsetOf: (base: PhysicalAddress) => number): Memory {
    const { host } = this.#parts;
    const file = this.#openFile();
    if (file === undefined) return { range: host.allocateMemory(placement.bytes, placement) };
    let inFile: FileMemory | undefined;
    let offset = 0;
    const range = host.adoptMemory(placement, (base, size) => {
      offset = offsetOf(base as PhysicalAddress);
      inFile = file.map(offset, size);
      return inFile.bytes;
    });
    return { range, inFile, offset };
  }

  #keep(placement: DmaPlacement, iova: Iova, memory: Memory, unmap: () => void): DmaBuffer {
    const { range, inFile, offset } = memory;
    const buffer = new ProgramBuffer({
      bytes: range.bytes.subarray(0, placement.bytes),
      iova,
      segments: placement.segments(iova),
      fileOffset: offset,
      release: () => {
        this.#buffers.delete(buffer);
        unmap();
        range.free();
        inFile?.free();
      },
    });
    this.#buffers.add(buffer);
    return buffer;
  }

  #openFile(): MemoryFile | undefined {
    if (this.#open) this.#file ??= this.#parts.memoryFile?.();
    return this.#file;
  }

  close(): void {
    this.#open = false;
    for (const buffer of [...this.#buffers]) buffer[Symbol.dispose]();
    this.#file?.close();
    this.#file = undefined;
  }
}

/** Memory of one buffer, and where it is in the file, if there is one. */
interface Memory {
  readonly range: OwnedRange;
  readonly inFile?: FileMemory | undefined;
  readonly offset?: number;
}
