/** Lines of a stream of bytes: each ended by a line feed and by nothing else, and none longer than it may be. */

const LINE_FEED = 0x0a;

export class ByteLines {
  readonly #longest: number;
  #rest: Buffer[] = [];
  #held = 0;

  /** `longest` in bytes, without the line feed. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** The lines that these bytes end, as UTF-8. It stops for good at one that is too long, of which `tooLong` tells. */
  *push(bytes: Buffer): Generator<string> {
    for (let at = 0; at < bytes.length && !this.tooLong;) {
      const feed = bytes.indexOf(LINE_FEED, at);
      const end = feed < 0 ? bytes.length : feed;
      this.#held += end - at;
      if (this.tooLong) return;
      this.#rest.push(bytes.subarray(at, end));
      at = end + 1;
      if (feed >= 0) yield this.#take();
    }
  }

  /** A line is longer than it may be: where the next one begins is not worth looking for. */
  get tooLong(): boolean {
    return this.#held > this.#longest;
  }

  #take(): string {
    const line = Buffer.concat(this.#rest).toString();
    this.#rest = [];
    this.#held = 0;
    return line;
  }
}
