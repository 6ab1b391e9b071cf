/** The page that both ends share: its layout, the one copy in, and the guarded reply (pciif.h, struct xen_pci_sharedinfo). */
import { Command, MAX_MSIX_VECTORS, type Operation } from './operation.js';

/** Bits of the flags word. */
export const PageFlag = { frontActive: 1, aerHandler: 2, backActive: 4 } as const;

export const SHARED_PAGE_BYTES = 4096;

/** Byte offsets divided by 4: the page is read and written as 32-bit words. */
const FLAGS = 0;
const COMMAND = 1;
const ERROR = 2;
const DOMAIN = 3;
const BUS = 4;
const DEVFN = 5;
const OFFSET = 6;
const SIZE = 7;
const VALUE = 8;
/** 128 entries of { u16 vector; u16 entry }: one word each, vector in the low half. */
const ENTRIES = 10;

/**
 * The back end's view of the page. The front end may rewrite any word at any time, so each word that is believed is
 * loaded exactly once, into the private {@link Operation}, and the reply is written only while the very request that
 * was copied is still the active one: a front end that gave up may have reused the slot for its next request.
 */
export class SharedPage {
  readonly #words: Int32Array;
  /** The request as it was copied, to recognise it at the reply. */
  readonly #request = new Int32Array(VALUE + 1);

  /** @throws {RangeError} there are fewer bytes than the protocol's page has. */
  constructor(bytes: Uint8Array) {
    if (bytes.length < SHARED_PAGE_BYTES) throw new RangeError('the shared page has 4096 bytes');
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, SHARED_PAGE_BYTES / 4);
  }

  /** True when the front end waits for an answer. */
  get active(): boolean {
    return (Atomics.load(this.#words, FLAGS) & PageFlag.frontActive) !== 0;
  }

  /** True when the front end said that it can handle AER operations; Linux does, older front ends do not. */
  get hasAerHandler(): boolean {
    return (Atomics.load(this.#words, FLAGS) & PageFlag.aerHandler) !== 0;
  }

  /** Copies the request into private memory, each word once. Nothing is checked here. */
  copyRequest(into: Operation): void {
    const request = this.#request;
    for (let word = COMMAND; word <= VALUE; word++) request[word] = Atomics.load(this.#words, word);
    into.command = (request[COMMAND] ?? 0) >>> 0;
    into.domain = (request[DOMAIN] ?? 0) >>> 0;
    into.bus = (request[BUS] ?? 0) >>> 0;
    into.devfn = (request[DEVFN] ?? 0) >>> 0;
    into.offset = request[OFFSET] ?? 0;
    into.size = request[SIZE] ?? 0;
    into.value = (request[VALUE] ?? 0) >>> 0;
    into.vectorCount = 0;
    if (into.command !== Command.enableMsix) return;
    const count = Math.min(into.value, MAX_MSIX_VECTORS);
    for (let index = 0; index < count; index++) {
      into.entries[index] = Atomics.load(this.#words, ENTRIES + index) >>> 16;
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
    for (let word = COMMAND; word <= VALUE; word++) {
      // The error word is the answer's own place and says nothing about the request.
      if (word !== ERROR && Atomics.load(words, word) !== request[word]) return false;
    }
    words[ERROR] = answer.error;
    words[VALUE] = answer.value | 0;
    if (answer.command === Command.enableMsix && answer.error === 0) {
      for (let index = 0; index < answer.vectorCount; index++) {
        words[ENTRIES + index] = ((answer.entries[index] ?? 0) << 16) | (answer.pirqs[index] ?? 0);
      }
    }
    Atomics.and(words, FLAGS, ~PageFlag.frontActive);
    return true;
  }
}
