/** Interrupts of one function: which kind is on in the back end, and the streams that are open. */
import { CountedStream, InterruptError, type Interrupts, type InterruptSource } from '../function/index.js';
import { CapabilityId, capabilityOffsets, msixVectors } from '../pci/index.js';
import { Command, MAX_MSIX_VECTORS, OperationError } from '../xen/pciif/index.js';
import type { GuestPlatform, Pirq } from '../xen/platform.js';
import type { BusFunction } from './bus-function.js';
import { describeError, type Operations } from './operations.js';

type Pirqs = NonNullable<GuestPlatform['pirqs']>;

/**
 * One kind at a time. The protocol enables MSI-X for a set of entries at once and changes it only by switching it off,
 * during which a device would fall back to INTx and lose what it raises. So the first stream of MSI-X enables all
 * vectors that are on offer, each with its pirq; those that nobody has opened stay masked, because their pirq is not
 * bound. The last stream to close switches the kind off.
 */
export class FunctionInterrupts implements Interrupts {
  readonly #fn: BusFunction;
  readonly #operations: Operations;
  readonly #pirqs: Pirqs;
  readonly #msixLimit: number;
  readonly #streams = new Map<number, CountedStream>();
  #available: Interrupts['available'] | undefined;
  #mode: 'off' | InterruptSource['kind'] = 'off';
  /** By vector, while MSI or MSI-X is on. */
  #mapped: readonly Pirq[] = [];

  constructor(fn: BusFunction, operations: Operations, pirqs: Pirqs, msixLimit: number) {
    this.#fn = fn;
    this.#operations = operations;
    this.#pirqs = pirqs;
    this.#msixLimit = Math.min(msixLimit, MAX_MSIX_VECTORS);
  }

  get available(): Interrupts['available'] {
    return (this.#available ??= this.#survey());
  }

  #survey(): Interrupts['available'] {
    const capabilities = capabilityOffsets(this.#fn);
    const msix = capabilities.get(CapabilityId.msix);
    return {
      intx: this.#fn.interruptLine === undefined ? 0 : 1,
      // The protocol's operation for several vectors of MSI is answered by no back end.
      msi: capabilities.has(CapabilityId.msi) ? 1 : 0,
      msix: msix === undefined ? 0 : Math.min(msixVectors(this.#fn, msix), this.#msixLimit),
    };
  }

  /** `onClose` is told when the stream ends, whoever ended it. @throws {InterruptError} */
  open(source: InterruptSource, onClose: (stream: CountedStream) => void = () => undefined): CountedStream {
    const vector = source.kind === 'intx' ? 0 : source.vector;
    this.#check(source, vector);
    if (this.#mode === 'off') this.#enable(source);
    try {
      const pirq = this.#mapped[vector];
      if (pirq === undefined) throw this.#error('INTERRUPT_ABSENT', source, 'it has no pirq');
      const stream = new CountedStream(source, this.#bind(pirq, source), () => {
        this.#streams.delete(vector);
        onClose(stream);
        this.#disableUnused();
      });
      this.#streams.set(vector, stream);
      return stream;
    } catch (cause) {
      this.#disableUnused();
      throw cause;
    }
  }

  /** Ends every stream; the back end is told to switch the kind off. */
  close(): void {
    for (const stream of [...this.#streams.values()]) stream.close();
  }

  #check(source: InterruptSource, vector: number): void {
    if (this.#fn.hasLeft) throw this.#error('INTERRUPT_ABSENT', source, 'the function was detached');
    const count = this.available[source.kind];
    if (!Number.isInteger(vector) || vector < 0 || vector >= count)
      throw this.#error('INTERRUPT_ABSENT', source, `${count} of its kind can be had`);
    if (this.#mode !== 'off' && this.#mode !== source.kind)
      throw this.#error('INTERRUPT_TAKEN', source, `${this.#mode} is on`, 'close its streams first');
    if (this.#streams.has(vector)) throw this.#error('INTERRUPT_TAKEN', source, 'it is open already');
  }

  #bind(pirq: Pirq, source: InterruptSource) {
    try {
      return this.#pirqs.bind(pirq);
    } catch (cause) {
      throw this.#error('INTERRUPT_FAILED', source, `pirq ${pirq} cannot be bound`, '', { cause });
    }
  }

  #enable(source: InterruptSource): void {
    const operations = this.#operations;
    switch (source.kind) {
      case 'intx':
        this.#mapped = [(this.#fn.interruptLine ?? 0) as Pirq];
        break;
      case 'msi':
        this.#ask(source, Command.enableMsi, 0);
        this.#mapped = [operations.value as Pirq];
        break;
      case 'msix': {
        const count = this.available.msix;
        for (let vector = 0; vector < count; vector++) operations.setEntry(vector, vector);
        this.#ask(source, Command.enableMsix, count);
        this.#mapped = Array.from({ length: count }, (_, vector) => operations.pirq(vector) as Pirq);
        break;
      }
    }
    this.#mode = source.kind;
    // What the other end says is checked before it is used (XSA-337).
    if (this.#mapped.every((pirq) => pirq > 0 && pirq <= 0xffff)) return;
    const shown = this.#mapped.join(' ');
    this.#disableUnused();
    throw this.#error('INTERRUPT_FAILED', source, `the back end named no usable pirq: ${shown}`);
  }

  #ask(source: InterruptSource, command: number, value: number): void {
    const operations = this.#operations;
    if (!operations.perform(command, this.#fn.address, 0, 0, value))
      throw this.#error('INTERRUPT_FAILED', source, 'the back end does not answer');
    if (operations.error === OperationError.success) return;
    const next = source.kind === 'msix' ? 'MSI-X needs decoding of memory: setEnabled(true) first' : '';
    throw this.#error('INTERRUPT_FAILED', source, describeError(operations.error), next);
  }

  #disableUnused(): void {
    if (this.#streams.size > 0) return;
    const mode = this.#mode;
    this.#mode = 'off';
    this.#mapped = [];
    if (mode === 'off' || mode === 'intx' || this.#fn.hasLeft) return;
    // Whatever it answers: a function that is gone has no interrupts either.
    const command = mode === 'msi' ? Command.disableMsi : Command.disableMsix;
    this.#operations.perform(command, this.#fn.address, 0, 0, 0);
  }

  #error(
    code: InterruptError['code'],
    source: InterruptSource,
    why: string,
    next = '',
    options?: ErrorOptions,
  ): InterruptError {
    return new InterruptError(code, this.#fn.address, source, why, next, options);
  }
}
