/** A recording being read: one line at a time, each checked, so that a long one takes no more memory than a short one. */
import { GivenFile } from '../../durable/given-file.js';
import type { Entry } from '../../function/recording/index.js';
import { RecordingFileError, RecordingMalformedError } from './errors.js';
import { errnoOf } from './recording-file.js';
import { entrySchema } from './schema.js';

const CHUNK = 0x1_0000;
/** A machine's inventory is the longest entry there is. */
const LONGEST_LINE = 0x100_0000;
const NEWLINE = 0x0a;

export class RecordingReader implements Disposable {
  readonly #file: string;
  #given: GivenFile | undefined;
  /** Read and not yet given out. */
  #rest: Buffer = Buffer.alloc(0);
  #line = 0;
  #byte = 0;

  /** @throws {RecordingFileError} */
  constructor(file: string) {
    this.#file = file;
    this.#given = this.#try(() => new GivenFile(file));
  }

  /** Number of the line that was given out last, the first being 1. */
  get line(): number {
    return this.#line;
  }

  /** Bytes up to its end. */
  get byte(): number {
    return this.#byte;
  }

  /** undefined where no whole line is left. @throws {RecordingMalformedError | RecordingFileError} */
  next(): Entry | undefined {
    const text = this.#nextLine();
    if (text === undefined) return undefined;
    this.#line++;
    this.#byte += Buffer.byteLength(text) + 1;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new RecordingMalformedError(this.#file, this.#line, 'it is no JSON', { cause });
    }
    const { error } = entrySchema.safeParse(value);
    const [issue] = error?.issues ?? [];
    if (issue !== undefined) {
      const where = issue.path.map(String).join('.');
      throw new RecordingMalformedError(this.#file, this.#line, `${where}: ${issue.message}`);
    }
    // The schema changes nothing, so what was checked is what was read.
    return value as Entry;
  }

  [Symbol.dispose](): void {
    this.#given?.[Symbol.dispose]();
    this.#given = undefined;
  }

  #nextLine(): string | undefined {
    for (;;) {
      const end = this.#rest.indexOf(NEWLINE);
      if (end >= 0) {
        const text = this.#rest.toString('utf8', 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return text;
      }
      if (this.#rest.length > LONGEST_LINE)
        throw new RecordingMalformedError(
          this.#file,
          this.#line + 1,
          `it has more than ${LONGEST_LINE} bytes`,
        );
      if (!this.#readOn()) return undefined;
    }
  }

  #readOn(): boolean {
    const given = this.#given;
    if (given === undefined) return false;
    const chunk = Buffer.allocUnsafe(CHUNK);
    const read = this.#try(() => given.read(chunk));
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, read)]);
    return read > 0;
  }

  #try<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      throw new RecordingFileError(this.#file, errnoOf(cause), { cause });
    }
  }
}
