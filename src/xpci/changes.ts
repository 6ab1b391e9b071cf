/** What happens on the bus, as events for the program that uses it. */
import type { OpenslotError, PciAddress } from '../pci/index.js';

/** Addresses are those of the guest's bus, not the host's. */
export type BusChange =
  /** The function is there: it was when the reader began, or enumeration has found it since. */
  | { readonly change: 'attached'; readonly address: PciAddress }
  /** It was taken away: by the tool stack, or with the whole pair. */
  | { readonly change: 'detached'; readonly address: PciAddress }
  /** It stopped answering. */
  | { readonly change: 'gone'; readonly address: PciAddress; readonly error: OpenslotError }
  /** A step of the handshake failed; there is no bus until the tool stack makes the pair anew. */
  | { readonly change: 'failed'; readonly doing: string; readonly error: unknown }
  /** The reader was too slow and older changes were dropped: look at the whole list again. */
  | { readonly change: 'overflow' };

/** Changes that wait for one reader. */
const MOST_WAITING = 512;

/** One reader's queue; the change feed of a bus has any number of them. */
class Reader implements AsyncIterator<BusChange, undefined> {
  readonly #onReturn: () => void;
  #waiting: BusChange[];
  #taker: ((result: IteratorResult<BusChange, undefined>) => void)[] = [];
  #ended = false;

  constructor(first: readonly BusChange[], onReturn: () => void) {
    this.#waiting = [...first];
    this.#onReturn = onReturn;
  }

  push(change: BusChange): void {
    const taker = this.#taker.shift();
    if (taker !== undefined) taker({ value: change, done: false });
    else if (this.#waiting.length >= MOST_WAITING) this.#waiting = [{ change: 'overflow' }, change];
    else this.#waiting.push(change);
  }

  end(): void {
    this.#ended = true;
    for (const taker of this.#taker.splice(0)) taker({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<BusChange, undefined>> {
    const change = this.#waiting.shift();
    if (change !== undefined) return Promise.resolve({ value: change, done: false });
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#taker.push(resolve));
  }

  return(): Promise<IteratorResult<BusChange, undefined>> {
    this.#waiting = [];
    this.end();
    this.#onReturn();
    return Promise.resolve({ value: undefined, done: true });
  }
}

export class ChangeFeed {
  readonly #readers = new Set<Reader>();
  #ended = false;
  /** What waits for the end of a step; at most a change for each function of the bus. */
  #held: BusChange[] | undefined;

  /** `first`, and everything from this call on, for one reader; ends with the bus. */
  read(first: readonly BusChange[]): AsyncIterableIterator<BusChange> {
    const reader = new Reader(first, () => this.#readers.delete(reader));
    if (this.#ended) reader.end();
    else this.#readers.add(reader);
    const iterator: AsyncIterableIterator<BusChange> = {
      next: () => reader.next(),
      return: () => reader.return(),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** Keeps what is told from the readers until it is disposed of: a program that then polls must not stop a step half way. */
  hold(): Disposable {
    this.#held ??= [];
    return {
      [Symbol.dispose]: () => {
        const held = this.#held ?? [];
        this.#held = undefined;
        for (const change of held) this.tell(change);
      },
    };
  }

  tell(change: BusChange): void {
    if (this.#held !== undefined) {
      this.#held.push(change);
      return;
    }
    for (const reader of this.#readers) reader.push(change);
  }

  /** Readers get what waits for them, then their end. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }
}
