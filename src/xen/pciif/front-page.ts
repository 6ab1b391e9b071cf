/** The front end's view of the shared page: fills in a request, hands it over, and reads the answer. */
import { PageFlag, PageWord, pageWords } from './page-layout.js';

/**
 * One request at a time. A request stays pending until the back end takes its flag off: whoever gave up waiting must
 * not post another before that, because a back end that does not compare (Linux's) writes its late answer over
 * whatever stands in the page by then.
 */
export class FrontPage {
  readonly #words: Int32Array;

  /** @throws {RangeError} there are fewer bytes than the protocol's page has. */
  constructor(bytes: Uint8Array) {
    this.#words = pageWords(bytes);
  }

  /** True while the back end owes an answer. */
  get pending(): boolean {
    return (Atomics.load(this.#words, PageWord.flags) & PageFlag.frontActive) !== 0;
  }

  /** Entry number of the table that the `index`-th vector of an enable_msix is for; to be set before {@link post}. */
  setEntry(index: number, entry: number): void {
    this.#words[PageWord.entries + index] = entry << 16;
  }

  /** Fills the request in and makes it the active one. The other end is still to be notified. */
  post(
    command: number,
    domain: number,
    bus: number,
    devfn: number,
    offset: number,
    size: number,
    value: number,
  ): void {
    const words = this.#words;
    words[PageWord.command] = command;
    words[PageWord.error] = 0;
    words[PageWord.domain] = domain;
    words[PageWord.bus] = bus;
    words[PageWord.devfn] = devfn;
    words[PageWord.offset] = offset;
    words[PageWord.size] = size;
    words[PageWord.value] = value | 0;
    // A full barrier: whoever sees the flag sees the request.
    Atomics.or(words, PageWord.flags, PageFlag.frontActive);
  }

  /** Of the answered request, 32 bits signed; 0 is success. */
  get error(): number {
    return Atomics.load(this.#words, PageWord.error);
  }

  /** Of the answered request, 32 bits unsigned. */
  get value(): number {
    return Atomics.load(this.#words, PageWord.value) >>> 0;
  }

  /** What an answered enable_msix says for its `index`-th vector, 16 bits. */
  pirq(index: number): number {
    return Atomics.load(this.#words, PageWord.entries + index) & 0xffff;
  }
}
