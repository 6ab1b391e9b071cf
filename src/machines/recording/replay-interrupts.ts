/** Interrupts of a replayed device: each comes when everything that was recorded before it has been done. */
import type { Interrupt, Interrupts, InterruptSource, InterruptStream } from '../../function/index.js';
import { sourceName, type DeviceName } from '../../function/recording/index.js';
import type { Replay } from './replay.js';

class ReplayedStream implements InterruptStream {
  readonly #source: InterruptSource;
  readonly #device: DeviceName;
  readonly #replay: Replay;
  readonly #onClose: () => void;
  readonly #pending = new Set<{ cancel(): void }>();
  #open = true;

  constructor(source: InterruptSource, device: DeviceName, replay: Replay, onClose: () => void) {
    this.#source = source;
    this.#device = device;
    this.#replay = replay;
    this.#onClose = onClose;
  }

  wait(): Interrupt | undefined {
    if (!this.#open) return undefined;
    const count = this.#replay.ask({ op: 'interrupt.wait', ...this.#named() });
    return count === null ? undefined : { source: this.#source, count };
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Interrupt> {
    while (this.#open) {
      const named = this.#named();
      const pending = this.#replay.interrupt(named.device, named.source);
      this.#pending.add(pending);
      try {
        this.#replay.ask({ op: 'interrupt.next', ...named });
      } catch (error) {
        pending.cancel();
        throw error;
      }
      const count = await pending;
      this.#pending.delete(pending);
      if (count === undefined) return;
      yield { source: this.#source, count };
    }
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#replay.ask({ op: 'interrupt.close', ...this.#named() });
    this.ended();
  }

  ended(): void {
    this.#open = false;
    for (const pending of this.#pending) pending.cancel();
    this.#pending.clear();
    this.#onClose();
  }

  #named() {
    return { device: this.#device, source: sourceName(this.#source) };
  }
}

export class ReplayedInterrupts implements Interrupts {
  readonly available: Interrupts['available'];
  readonly #device: DeviceName;
  readonly #replay: Replay;
  readonly #checkOpen: () => void;
  readonly #streams = new Set<ReplayedStream>();

  constructor(device: DeviceName, available: Interrupts['available'], replay: Replay, checkOpen: () => void) {
    this.#device = device;
    this.available = available;
    this.#replay = replay;
    this.#checkOpen = checkOpen;
  }

  open(source: InterruptSource): InterruptStream {
    this.#checkOpen();
    this.#replay.ask({ op: 'interrupt.open', device: this.#device, source: sourceName(source) });
    const stream = new ReplayedStream(source, this.#device, this.#replay, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }

  close(): void {
    for (const stream of [...this.#streams]) stream.ended();
  }
}
