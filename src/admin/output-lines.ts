/** Lines of a stream of text that is cut anywhere. */

/** Characters of a line; what is longer comes in pieces. */
const LONGEST_LINE = 4096;

export class OutputLines {
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#tell(line);
    if (this.#rest.length >= LONGEST_LINE) this.end();
  }

  /** What is left is a line, too. */
  end(): void {
    if (this.#rest !== '') this.#tell(this.#rest);
    this.#rest = '';
  }

  #tell(line: string): void {
    let at = 0;
    do {
      this.#onLine(line.slice(at, at + LONGEST_LINE));
      at += LONGEST_LINE;
    } while (at < line.length);
  }
}
