/** The recorder: the one order of questions, answers and occurrences, and the memory that is watched beside them. */
import { errorData } from '../../pci/errors.js';
import type { AnswerOf, Asked, Entry, Occurrence, Question } from './entry.js';
import type { WatchedBuffer } from './watched-buffer.js';

/** Where a recording goes. */
export interface RecordingSink {
  /** Entries that belong together, in their order. */
  write(entries: readonly Entry[]): void;
  close(): void;
}

/** How often memory is looked at while the program neither asks nor is told of anything, in milliseconds. */
const LOOK = 1;

export class Recorder {
  readonly #sink: RecordingSink;
  readonly #buffers = new Map<number, WatchedBuffer>();
  #group: Entry[] = [];
  /** What happens inside of a question stands behind it. */
  #asking = 0;
  #meanwhile: Occurrence[] = [];
  #look: NodeJS.Timeout | undefined;
  #lastBuffer = 0;

  constructor(sink: RecordingSink) {
    this.#sink = sink;
  }

  /** Lets a question be answered and keeps both, with what the program wrote before and the device until the end. */
  ask<Op extends Question, Result>(
    asked: Asked<Op>,
    answer: () => Result,
    is: (result: Result) => AnswerOf<Op>,
  ): Result {
    this.#handOver();
    this.#asking++;
    try {
      const result = answer();
      const told = is(result);
      this.#group.push((told === null ? asked : { ...asked, is: told }) as Entry);
      return result;
    } catch (error) {
      this.#group.push({ ...asked, refused: errorData(error) } as Entry);
      throw error;
    } finally {
      this.#asking--;
      this.#settle();
    }
  }

  happened(occurrence: Occurrence): void {
    if (this.#asking > 0) {
      this.#meanwhile.push(occurrence);
      return;
    }
    this.#fetch();
    this.#group.push(occurrence);
    this.#settle();
  }

  /** The next buffer's number. */
  numberBuffer(): number {
    return ++this.#lastBuffer;
  }

  watch(buffer: number, watched: WatchedBuffer): void {
    this.#buffers.set(buffer, watched);
    this.#look ??= setInterval(() => {
      this.#settle();
    }, LOOK).unref();
    // What stood in the memory before is the machine's doing, too.
    this.#settle();
  }

  unwatch(buffer: number): void {
    this.#buffers.delete(buffer);
    if (this.#buffers.size > 0) return;
    clearInterval(this.#look);
    this.#look = undefined;
  }

  end(): void {
    clearInterval(this.#look);
    this.#buffers.clear();
    this.happened({ op: 'end' });
    this.#sink.close();
  }

  /** What the program has written goes to the device before the device is asked anything. */
  #handOver(): void {
    for (const [buffer, watched] of this.#buffers) {
      const extents = watched.handOver();
      if (extents.length > 0) this.#group.push({ op: 'memory.program', buffer, extents });
    }
  }

  #fetch(): void {
    for (const [buffer, watched] of this.#buffers) {
      for (const { at, bytes } of watched.fetch()) {
        const data = Buffer.from(bytes).toString('base64');
        this.#group.push({ op: 'memory.device', buffer, at, data });
      }
    }
  }

  #settle(): void {
    if (this.#asking > 0) return;
    this.#fetch();
    const group = [...this.#group, ...this.#meanwhile];
    this.#group = [];
    this.#meanwhile = [];
    if (group.length > 0) this.#sink.write(group);
  }
}
