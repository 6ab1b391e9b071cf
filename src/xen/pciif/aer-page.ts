/** The part of the shared page in which the back end asks, and the front end answers: error recovery. */
import { PageFlag, PageWord, pageWords } from './page-layout.js';

/** What the back end asks. Every word is what the other end may have written: nothing of it is checked here. */
export interface AerRequest {
  /** 32 bits unsigned, as the next four. */
  command: number;
  domain: number;
  bus: number;
  devfn: number;
  /** A number of `ChannelState`. */
  state: number;
}

/** The back end's view. One request at a time, as the other way round. */
export class BackAerPage {
  readonly #words: Int32Array;

  /** @throws {RangeError} there are fewer bytes than the protocol's page has. */
  constructor(bytes: Uint8Array) {
    this.#words = pageWords(bytes);
  }

  /** True when the front end said that it answers; it may change its mind at any time. */
  get hasHandler(): boolean {
    return (Atomics.load(this.#words, PageWord.flags) & PageFlag.aerHandler) !== 0;
  }

  /** True while the front end owes an answer, or has set the flag itself. */
  get pending(): boolean {
    return (Atomics.load(this.#words, PageWord.flags) & PageFlag.backActive) !== 0;
  }

  /** Fills the request in and makes it the active one. The other end is still to be notified. */
  post({ command, state, domain, bus, devfn }: AerRequest): void {
    const words = this.#words;
    words[PageWord.aerCommand] = command;
    words[PageWord.aerError] = state;
    words[PageWord.aerDomain] = domain;
    words[PageWord.aerBus] = bus;
    words[PageWord.aerDevfn] = devfn;
    // A full barrier: whoever sees the flag sees the request.
    Atomics.or(words, PageWord.flags, PageFlag.backActive);
  }

  /** What the front end has answered, 32 bits signed: to be read once. */
  get result(): number {
    return Atomics.load(this.#words, PageWord.aerError);
  }
}

/** The front end's view. */
export class FrontAerPage {
  readonly #words: Int32Array;

  /** @throws {RangeError} there are fewer bytes than the protocol's page has. */
  constructor(bytes: Uint8Array) {
    this.#words = pageWords(bytes);
  }

  /** Says, for good, that requests are answered. */
  announce(): void {
    Atomics.or(this.#words, PageWord.flags, PageFlag.aerHandler);
  }

  /** True while the back end waits for an answer. */
  get requested(): boolean {
    return (Atomics.load(this.#words, PageWord.flags) & PageFlag.backActive) !== 0;
  }

  /** A private copy, each word loaded once. */
  copyRequest(): AerRequest {
    const word = (at: number) => Atomics.load(this.#words, at) >>> 0;
    return {
      command: word(PageWord.aerCommand),
      state: word(PageWord.aerError),
      domain: word(PageWord.aerDomain),
      bus: word(PageWord.aerBus),
      devfn: word(PageWord.aerDevfn),
    };
  }

  /** A number of `RecoveryResult`. The other end is still to be notified. */
  answer(result: number): void {
    this.#words[PageWord.aerError] = result;
    Atomics.and(this.#words, PageWord.flags, ~PageFlag.backActive);
  }
}
