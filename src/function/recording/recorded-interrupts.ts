/** Interrupts of a recorded device: when each was asked for, and when it came. */
import type { Interrupt, Interrupts, InterruptSource, InterruptStream } from '../function.js';
import { sourceName, type DeviceName, type SourceName } from './entry.js';
import type { Recorder } from './recorder.js';

class RecordedStream implements InterruptStream {
  readonly #inner: InterruptStream;
  readonly #named: { readonly device: DeviceName; readonly source: SourceName };
  readonly #recorder: Recorder;
  readonly #onClose: () => void;
  #open = true;

  constructor(
    inner: InterruptStream,
    named: { readonly device: DeviceName; readonly source: SourceName },
    recorder: Recorder,
    onClose: () => void,
  ) {
    this.#inner = inner;
    this.#named = named;
    this.#recorder = recorder;
    this.#onClose = onClose;
  }

  wait(milliseconds: number): Interrupt | undefined {
    if (!this.#open) return undefined;
    return this.#recorder.ask(
      { op: 'interrupt.wait', ...this.#named },
      () => this.#inner.wait(milliseconds),
      (interrupt) => interrupt?.count ?? null,
    );
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Interrupt> {
    const iterator = this.#inner[Symbol.asyncIterator]();
    while (this.#open) {
      const pending = this.#recorder.ask(
        { op: 'interrupt.next', ...this.#named },
        () => iterator.next(),
        () => null,
      );
      const next = await pending;
      if (next.done === true) {
        if (this.#open) this.#recorder.happened({ op: 'interrupt.end', ...this.#named });
        return;
      }
      this.#recorder.happened({ op: 'interrupt', ...this.#named, count: next.value.count });
      yield next.value;
    }
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#recorder.ask(
      { op: 'interrupt.close', ...this.#named },
      () => {
        this.#inner[Symbol.dispose]();
      },
      () => null,
    );
    this.ended();
  }

  /** Its device was closed, and it with it. */
  ended(): void {
    this.#open = false;
    this.#onClose();
  }
}

export class RecordedInterrupts implements Interrupts {
  readonly #device: DeviceName;
  readonly #inner: Interrupts;
  readonly #recorder: Recorder;
  readonly #checkOpen: () => void;
  readonly #streams = new Set<RecordedStream>();

  constructor(device: DeviceName, inner: Interrupts, recorder: Recorder, checkOpen: () => void) {
    this.#device = device;
    this.#inner = inner;
    this.#recorder = recorder;
    this.#checkOpen = checkOpen;
  }

  get available(): Interrupts['available'] {
    return this.#inner.available;
  }

  open(source: InterruptSource): InterruptStream {
    this.#checkOpen();
    const named = { device: this.#device, source: sourceName(source) };
    const inner = this.#recorder.ask(
      { op: 'interrupt.open', ...named },
      () => this.#inner.open(source),
      () => null,
    );
    const stream = new RecordedStream(inner, named, this.#recorder, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }

  close(): void {
    for (const stream of [...this.#streams]) stream.ended();
  }
}
