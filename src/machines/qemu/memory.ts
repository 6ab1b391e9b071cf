/** The machine's memory, a file: what programs share with devices is a piece of it, mapped. */
import {
  DmaPlacement,
  IovaSpace,
  wholePages,
  type Dma,
  type DmaBuffer,
  type DmaConstraints,
  type Iova,
} from '../../function/index.js';
import type { MemoryFile } from '../../os/index.js';

/** What old software expects below the first megabyte is never given away. */
const FIRST = 0x10_0000;

/** A piece of it, zeroed. */
interface Piece {
  /** The machine's address, which is the offset in the file. */
  readonly start: number;
  readonly bytes: Uint8Array;
  readonly free: () => void;
}

export class MachineMemory {
  readonly #file: MemoryFile;
  readonly #space: IovaSpace;

  constructor(file: MemoryFile, bytes: number) {
    this.#file = file;
    this.#space = new IovaSpace(FIRST, bytes);
  }

  get fd(): number {
    return this.#file.fd;
  }

  /** @throws {DmaError} */
  take(placement: DmaPlacement): Piece {
    const start = this.#space.allocate(placement);
    try {
      const mapped = this.#file.map(start, wholePages(placement.bytes));
      // A device may have written there when it was nobody's.
      mapped.bytes.fill(0);
      return {
        start,
        bytes: mapped.bytes.subarray(0, placement.bytes),
        free: () => {
          mapped.free();
          this.#space.free(start);
        },
      };
    } catch (cause) {
      this.#space.free(start);
      throw cause;
    }
  }
}

/** Memory of one open function. Nothing translates: the device's addresses are the machine's. */
export class QemuDma implements Dma {
  readonly #memory: MachineMemory;
  readonly #checkOpen: () => void;
  readonly #buffers = new Set<DmaBuffer>();

  constructor(memory: MachineMemory, checkOpen: () => void) {
    this.#memory = memory;
    this.#checkOpen = checkOpen;
  }

  /** All of the machine's memory: a device can reach it in any case. */
  get file(): number {
    return this.#memory.fd;
  }

  /** @throws {FunctionClosedError} @throws {DmaError} */
  allocate(bytes: number, constraints?: DmaConstraints): Promise<DmaBuffer> {
    return Promise.resolve().then(() => {
      // Asked for now, not before: what is closed meanwhile would never free it.
      this.#checkOpen();
      const placement = new DmaPlacement(bytes, constraints);
      const taken = this.#memory.take(placement);
      const iova = BigInt(taken.start) as Iova;
      const buffer: DmaBuffer = {
        bytes: taken.bytes,
        iova,
        segments: placement.segments(iova),
        fileOffset: taken.start,
        [Symbol.dispose]: () => {
          if (this.#buffers.delete(buffer)) taken.free();
        },
      };
      this.#buffers.add(buffer);
      return buffer;
    });
  }

  close(): void {
    for (const buffer of [...this.#buffers]) buffer[Symbol.dispose]();
  }
}
