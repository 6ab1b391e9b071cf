/** A program's interrupts: each source by its name, and one stream for each however often it is asked for. */
import type { Interrupt, Interrupts, InterruptSource, InterruptStream } from '../../function/index.js';

/**
 * At {@link ProgramFunction.interrupts}: `intx`, `msi(vector)` and `msix(vector)` switch a source on and give its
 * stream.
 */
export class ProgramInterrupts {
  readonly #interrupts: Interrupts;
  readonly #beforeMessages: () => void;
  readonly #open = new Map<string, InterruptStream>();

  /** `beforeMessages` is called before messages are switched on: they are writes of the device. */
  constructor(interrupts: Interrupts, beforeMessages: () => void) {
    this.#interrupts = interrupts;
    this.#beforeMessages = beforeMessages;
  }

  /** Sources of each kind that can be had. */
  get available(): Interrupts['available'] {
    return this.#interrupts.available;
  }

  /** The pin. @throws {InterruptError | FunctionClosedError} */
  intx(): InterruptStream {
    return this.open({ kind: 'intx' });
  }

  /** Switches bus mastering on, too: a message is a write of the device. @throws {InterruptError | FunctionClosedError} */
  msi(vector = 0): InterruptStream {
    return this.open({ kind: 'msi', vector });
  }

  /** Switches bus mastering on, too. @throws {InterruptError | FunctionClosedError} */
  msix(vector = 0): InterruptStream {
    return this.open({ kind: 'msix', vector });
  }

  /**
   * The source is on from the first call until its stream is disposed of, or the function is released; a loop that is
   * left loses nothing, and the next one goes on with the same stream. One kind at a time.
   * @throws {InterruptError | FunctionClosedError}
   */
  open(source: InterruptSource): InterruptStream {
    const key = source.kind === 'intx' ? 'intx' : `${source.kind}${source.vector}`;
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    if (source.kind !== 'intx') this.#beforeMessages();
    const stream = new NamedStream(this.#interrupts.open(source), () => this.#open.delete(key));
    this.#open.set(key, stream);
    return stream;
  }

  /** Switches every source off; loops over them end. */
  close(): void {
    for (const stream of [...this.#open.values()]) stream[Symbol.dispose]();
  }
}

class NamedStream implements InterruptStream {
  readonly #stream: InterruptStream;
  readonly #onClosed: () => void;
  #open = true;

  constructor(stream: InterruptStream, onClosed: () => void) {
    this.#stream = stream;
    this.#onClosed = onClosed;
  }

  wait(milliseconds: number): Interrupt | undefined {
    return this.#stream.wait(milliseconds);
  }

  [Symbol.asyncIterator](): AsyncIterator<Interrupt> {
    return this.#stream[Symbol.asyncIterator]();
  }

  /** The second call does nothing: the name may be another stream's by then. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onClosed();
    this.#stream[Symbol.dispose]();
  }
}
