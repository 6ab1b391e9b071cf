/** A reproducible stream of numbers, so that every run makes the same spaces (xorshift). */
export class Random {
  #state: number;

  /** @param seed any number but 0. */
  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** 32 bits. */
  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state >>> 0;
  }

  /** From 0 to one less than `count`. */
  below(count: number): number {
    return this.next() % count;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() >>> 24);
  }
}
