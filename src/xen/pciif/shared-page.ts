/** The back end's view of the shared page: the one copy in, and the guarded reply. */
import { Command, MAX_MSIX_VECTORS, type Operation } from './operation.js';
import { PageFlag, PageWord, pageWords } from './page-layout.js';

/**
 * The front end may rewrite any word at any time, so each word that is believed is loaded exactly once, into the
 * private {@link Operation}, and the reply is written only while the very request that was copied is still the active
 * one: a front end that gave up may have reused the slot for its next request.
 */
export class SharedPage {
  readonly #words: Int32Array;
  /** The request as it was copied, to recognise it at the reply. */
  readonly #request = new Int32Array(PageWord.value + 1);

  /** @throws {RangeError} there are fewer bytes than the protocol's page has. */
  constructor(bytes: Uint8Array) {
    this.#words = pageWords(bytes);
  }

  /** True when the front end waits for an answer. */
  get active(): boolean {
    return (Atomics.load(this.#words, PageWord.flags) & PageFlag.frontActive) !== 0;
  }

  /** True when the front end said that it can handle AER operations; Linux does, older front ends do not. */
  get hasAerHandler(): boolean {
    return (Atomics.load(this.#words, PageWord.flags) & PageFlag.aerHandler) !== 0;
  }

  /** Copies the request into private memory, each word once. Nothing is checked here. */
  copyRequest(into: Operation): void {
    const request = this.#request;
    for (let word: number = PageWord.command; word <= PageWord.value; word++)
      request[word] = Atomics.load(this.#words, word);
    into.command = (request[PageWord.command] ?? 0) >>> 0;
    into.domain = (request[PageWord.domain] ?? 0) >>> 0;
    into.bus = (request[PageWord.bus] ?? 0) >>> 0;
    into.devfn = (request[PageWord.devfn] ?? 0) >>> 0;
    into.offset = request[PageWord.offset] ?? 0;
    into.size = request[PageWord.size] ?? 0;
    into.value = (request[PageWord.value] ?? 0) >>> 0;
    into.vectorCount = 0;
    if (into.command !== Command.enableMsix) return;
    const count = Math.min(into.value, MAX_MSIX_VECTORS);
    for (let index = 0; index < count; index++) {
      into.entries[index] = Atomics.load(this.#words, PageWord.entries + index) >>> 16;
    }
    into.vectorCount = count;
  }

  /**
   * Answers the copied request and hands the page back to the front end.
   * @returns false when the request is no longer the active one: nothing was written then.
   */
  reply(answer: Operation): boolean {
    const words = this.#words;
    if (!this.active) return false;
    const request = this.#request;
    for (let word: number = PageWord.command; word <= PageWord.value; word++) {
      // The error word is the answer's own place and says nothing about the request.
      if (word !== PageWord.error && Atomics.load(words, word) !== request[word]) return false;
    }
    words[PageWord.error] = answer.error;
    words[PageWord.value] = answer.value | 0;
    if (answer.command === Command.enableMsix && answer.error === 0) {
      for (let index = 0; index < answer.vectorCount; index++) {
        words[PageWord.entries + index] = ((answer.entries[index] ?? 0) << 16) | (answer.pirqs[index] ?? 0);
      }
    }
    Atomics.and(words, PageWord.flags, ~PageFlag.frontActive);
    return true;
  }
}
