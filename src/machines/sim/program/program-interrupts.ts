/** Interrupts of one open function: the streams that it has opened end with it. */
import {
  InterruptError,
  type Interrupts,
  type InterruptSource,
  type InterruptStream,
} from '../../../function/index.js';
import type { PciAddress } from '../../../pci/index.js';
import type { SimInterruptStream } from './interrupt-stream.js';
import type { InterruptSources } from './interrupt-sources.js';

export class ProgramInterrupts implements Interrupts {
  readonly #address: PciAddress;
  readonly #sources: InterruptSources | undefined;
  readonly #streams = new Set<SimInterruptStream>();

  readonly #checkOpen: () => void;

  /** A bridge has no sources. */
  constructor(address: PciAddress, sources: InterruptSources | undefined, checkOpen: () => void) {
    this.#address = address;
    this.#sources = sources;
    this.#checkOpen = checkOpen;
  }

  get available(): Interrupts['available'] {
    return this.#sources?.available ?? { intx: 0, msi: 0, msix: 0 };
  }

  open(source: InterruptSource): InterruptStream {
    this.#checkOpen();
    if (this.#sources === undefined) {
      throw new InterruptError('INTERRUPT_ABSENT', this.#address, source, 'a bridge has none');
    }
    const stream = this.#sources.open(source, (closed) => this.#streams.delete(closed));
    this.#streams.add(stream);
    return stream;
  }

  close(): void {
    for (const stream of [...this.#streams]) stream[Symbol.dispose]();
  }
}
