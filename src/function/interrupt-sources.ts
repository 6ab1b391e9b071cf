/** The interrupt sources of one function, for all who have it open: one kind at a time, each source for one stream. */
import type { PciAddress } from '../pci/address.js';
import { InterruptError } from './errors.js';
import type { Interrupts, InterruptSource } from './function.js';
import { CountedStream, type InterruptCounter } from './interrupt-stream.js';

/** How a machine switches the sources of one function on and off. */
export interface InterruptSwitch {
  readonly available: Interrupts['available'];
  /** `first`: none of this kind is on yet. @throws {InterruptError} and nothing is on that was not before. */
  on(source: InterruptSource, first: boolean): InterruptCounter;
  /** `last`: the whole kind can be switched off. The counter is closed already. */
  off(source: InterruptSource, last: boolean): void;
}

/**
 * For the functions of a machine of one's own: keeps to what {@link Interrupts} promises over a switch that knows the
 * hardware.
 */
export class InterruptSources {
  readonly #address: PciAddress | string;
  readonly #switch: InterruptSwitch;
  readonly #streams = new Map<number, CountedStream>();
  #kind: InterruptSource['kind'] | undefined;

  /** `address`, or the name, of the device in messages. */
  constructor(address: PciAddress | string, sources: InterruptSwitch) {
    this.#address = address;
    this.#switch = sources;
  }

  get available(): Interrupts['available'] {
    return this.#switch.available;
  }

  /** `onClosed` is told when the stream ends, whoever ended it. @throws {InterruptError} */
  open(source: InterruptSource, onClosed: (stream: CountedStream) => void): CountedStream {
    const vector = source.kind === 'intx' ? 0 : source.vector;
    this.#check(source, vector);
    const counter = this.#switch.on(source, this.#streams.size === 0);
    const stream = new CountedStream(source, counter, () => {
      this.#closed(source, vector);
      onClosed(stream);
    });
    this.#kind = source.kind;
    this.#streams.set(vector, stream);
    return stream;
  }

  #check(source: InterruptSource, vector: number): void {
    const count = this.available[source.kind];
    if (!Number.isInteger(vector) || vector < 0 || vector >= count)
      throw this.#refused('INTERRUPT_ABSENT', source, `${count} of its kind can be had`);
    if (this.#kind !== undefined && this.#kind !== source.kind)
      throw this.#refused('INTERRUPT_TAKEN', source, `${this.#kind} is open`, 'close its streams first');
    if (this.#streams.has(vector)) throw this.#refused('INTERRUPT_TAKEN', source, 'it is open already');
  }

  #closed(source: InterruptSource, vector: number): void {
    this.#streams.delete(vector);
    const last = this.#streams.size === 0;
    if (last) this.#kind = undefined;
    this.#switch.off(source, last);
  }

  #refused(
    code: InterruptError['code'],
    source: InterruptSource,
    why: string,
    next?: string,
  ): InterruptError {
    return new InterruptError(code, this.#address, source, why, next);
  }
}

/** Interrupts as one view of a function has them: the streams that it has opened end with it. */
export class ViewInterrupts implements Interrupts {
  readonly #sources: () => InterruptSources;
  readonly #streams = new Set<CountedStream>();

  /** @param sources of the function; throws once the view is closed. */
  constructor(sources: () => InterruptSources) {
    this.#sources = sources;
  }

  get available(): Interrupts['available'] {
    return this.#sources().available;
  }

  open(source: InterruptSource): CountedStream {
    const stream = this.#sources().open(source, (closed) => this.#streams.delete(closed));
    this.#streams.add(stream);
    return stream;
  }

  close(): void {
    for (const stream of [...this.#streams]) stream.close();
  }
}

/** Of a function that has no source at all. */
export class AbsentInterrupts implements Interrupts {
  readonly available = { intx: 0, msi: 0, msix: 0 };
  readonly #address: PciAddress;

  constructor(address: PciAddress) {
    this.#address = address;
  }

  open(source: InterruptSource): never {
    throw new InterruptError('INTERRUPT_ABSENT', this.#address, source, 'the function has none');
  }
}
