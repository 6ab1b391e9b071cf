/** DMA of a recorded device: buffers whose content is recorded at each entry. */
import type { Dma, DmaBuffer, DmaConstraints, DmaSegment, Iova } from '../function.js';
import { errorData } from '../../pci/errors.js';
import { constraintsOnWire, hex, type DeviceName } from './entry.js';
import type { Recorder } from './recorder.js';
import { WatchedBuffer } from './watched-buffer.js';

class RecordedBuffer implements DmaBuffer {
  readonly bytes: Uint8Array;
  readonly iova: Iova;
  readonly segments: readonly DmaSegment[];
  #free: (() => void) | undefined;

  constructor(bytes: Uint8Array, { iova, segments }: DmaBuffer, free: () => void) {
    this.bytes = bytes;
    this.iova = iova;
    this.segments = segments;
    this.#free = free;
  }

  [Symbol.dispose](): void {
    this.#free?.();
    this.#free = undefined;
  }
}

/** The program's memory is a copy that the recorder keeps equal, so there is no file of it for other processes. */
export class RecordedDma implements Dma {
  readonly #device: DeviceName;
  readonly #inner: Dma;
  readonly #recorder: Recorder;
  readonly #checkOpen: () => void;
  readonly #live = new Set<number>();

  constructor(device: DeviceName, inner: Dma, recorder: Recorder, checkOpen: () => void) {
    this.#device = device;
    this.#inner = inner;
    this.#recorder = recorder;
    this.#checkOpen = checkOpen;
  }

  async allocate(bytes: number, constraints?: DmaConstraints): Promise<DmaBuffer> {
    this.#checkOpen();
    const buffer = this.#recorder.numberBuffer();
    const demanded = constraints === undefined ? {} : { constraints: constraintsOnWire(constraints) };
    const asked = { op: 'dma.allocate', device: this.#device, buffer, bytes, ...demanded } as const;
    const pending = this.#recorder.ask(
      asked,
      () => this.#inner.allocate(bytes, constraints),
      () => null,
    );
    let inner: DmaBuffer;
    try {
      inner = await pending;
    } catch (error) {
      this.#recorder.happened({ op: 'dma.allocated', buffer, refused: errorData(error) });
      throw error;
    }
    const watched = new WatchedBuffer(inner.bytes);
    this.#recorder.happened({
      op: 'dma.allocated',
      buffer,
      size: inner.bytes.length,
      iova: hex(inner.iova),
      segments: inner.segments.map((segment) => ({ iova: hex(segment.iova), bytes: segment.bytes })),
    });
    this.#recorder.watch(buffer, watched);
    this.#live.add(buffer);
    return new RecordedBuffer(watched.program.bytes, inner, () => {
      // With its device it went already.
      if (!this.#live.delete(buffer)) return;
      this.#recorder.ask(
        { op: 'dma.free', buffer },
        () => {
          inner[Symbol.dispose]();
        },
        () => null,
      );
      this.#recorder.unwatch(buffer);
    });
  }

  /** The device is closed: the machine has taken its memory back. */
  close(): void {
    for (const buffer of this.#live) this.#recorder.unwatch(buffer);
    this.#live.clear();
  }
}
