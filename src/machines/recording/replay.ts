/** The replay of one recording: its place, the comparison of each question with it, and what happens in between. */
import { isDeepStrictEqual } from 'node:util';
import type { DmaSegment, Iova, ResetMethod } from '../../function/index.js';
import {
  entryText,
  isOccurrence,
  ProgramMemory,
  type AnswerOf,
  type Asked,
  type DeviceName,
  type Entry,
  type Header,
  type Hex,
  type Inventory,
  type Occurrence,
  type Question,
  type SourceName,
} from '../../function/recording/index.js';
import type { ErrorData, OpenslotError } from '../../pci/index.js';
import {
  RecordedRefusal,
  RecordingMalformedError,
  RecordingTruncatedError,
  ReplayDiffersError,
} from './errors.js';
import { RecordingReader } from './recording-reader.js';

/** A buffer as the recording gives it out. */
export interface ReplayedMemory {
  readonly memory: ProgramMemory;
  readonly iova: Iova;
  readonly segments: readonly DmaSegment[];
}

/** Who waits for an occurrence. */
interface Waiter {
  /** As a message says what the program does. */
  readonly text: string;
  readonly come: (occurrence: Occurrence) => void;
  readonly fail: (error: Error) => void;
}

/** Once the program has gone its own way it must still be able to put away what it holds. */
const CLOSING: ReadonlySet<Question> = new Set([
  'close',
  'region.close',
  'interrupt.close',
  'dma.free',
] as const);

export class Replay implements Disposable {
  readonly #file: string;
  readonly #reader: RecordingReader;
  readonly header: Header;
  #inventory: Inventory | undefined;
  #head: Entry | undefined;
  #failure: OpenslotError | undefined;
  readonly #stopListeners = new Set<(error: OpenslotError) => void>();
  #lastBuffer = 0;
  readonly #memories = new Map<number, ReplayedMemory>();
  /** By what they wait for, in the order in which they asked. */
  readonly #waiters = new Map<string, Waiter[]>();
  /** Nothing is left that could make the program go on. */
  readonly #idle = () => {
    const [waiter] = [...this.#waiters.values()].flat();
    if (waiter !== undefined) this.#fail(this.#difference(waiter.text));
  };

  /** @throws {RecordingFileError | RecordingMalformedError | RecordingTruncatedError} */
  constructor(file: string) {
    this.#file = file;
    this.#reader = new RecordingReader(file);
    try {
      const header = this.#reader.next();
      if (header === undefined) throw new RecordingTruncatedError(file, 0, 0, 'the first line');
      if (header.op !== 'recording')
        throw new RecordingMalformedError(file, 1, 'a recording begins with its header');
      this.header = header;
      this.#advance();
    } catch (cause) {
      this.#reader[Symbol.dispose]();
      throw cause;
    }
    process.on('beforeExit', this.#idle);
  }

  /** Told once, of what stopped the program: from then on nothing is answered. */
  onStopped(listener: (error: OpenslotError) => void): Disposable {
    this.#stopListeners.add(listener);
    return { [Symbol.dispose]: () => this.#stopListeners.delete(listener) };
  }

  /** What the machine has at this place of the recording. */
  get inventory(): Inventory {
    return this.#inventory ?? { op: 'inventory', functions: [] };
  }

  /** The program does what is asked: it is what was recorded next, and has the recorded answer. */
  ask<Op extends Question>(asked: Asked<Op>): AnswerOf<Op> {
    if (this.#failure !== undefined) {
      // The answer of every closing is null.
      if (CLOSING.has(asked.op)) return null;
      throw this.#failure;
    }
    this.#compareMemory();
    return this.#compare(asked);
  }

  /** The next interrupt of an iteration; undefined: it has ended. Asked before the question that it answers. */
  interrupt(device: DeviceName, source: SourceName): Promise<number | undefined> & { cancel(): void } {
    const key = `interrupt ${device} ${source}`;
    const text = `await ${source} of ${device}`;
    const { promise, resolve, cancel } = this.#wait(key, text);
    const count = observed(
      promise.then((occurrence) => (occurrence?.op === 'interrupt' ? occurrence.count : undefined)),
    );
    return Object.assign(count, {
      cancel: () => {
        cancel();
        resolve(undefined);
      },
    });
  }

  /** Asked before the question that it answers, as all that is waited for. */
  resetDone(device: DeviceName): Promise<ResetMethod> {
    const { promise } = this.#wait(`reset ${device}`, `reset ${device}`);
    return observed(
      promise.then((done) => {
        if (done?.op !== 'reset.done' || done.method === undefined) throw refusalOf(refusedOf(done));
        return done.method;
      }),
    );
  }

  allocated(buffer: number): Promise<ReplayedMemory> {
    const { promise } = this.#wait(`buffer ${buffer}`, `allocate buffer ${buffer}`);
    return observed(
      promise.then((done) => {
        const memory = this.#memories.get(buffer);
        if (memory === undefined) throw refusalOf(refusedOf(done));
        return memory;
      }),
    );
  }

  /** The next buffer's number. */
  numberBuffer(): number {
    return ++this.#lastBuffer;
  }

  forget(buffer: number): void {
    this.#memories.delete(buffer);
  }

  [Symbol.dispose](): void {
    process.removeListener('beforeExit', this.#idle);
    this.#reader[Symbol.dispose]();
  }

  /** What the program has written must be what it wrote then, and where it did nothing then it does nothing now. */
  #compareMemory(): void {
    for (const [buffer, { memory }] of this.#memories) {
      const extents = memory.written();
      if (extents.length > 0) this.#compare({ op: 'memory.program', buffer, extents });
    }
  }

  #compare<Op extends Question>(asked: Asked<Op>): AnswerOf<Op> {
    const head = this.#head;
    if (head === undefined || isOccurrence(head) || head.op === 'recording')
      throw this.#fail(this.#difference(entryText(asked as Asked)));
    const { is, refused, ...question } = head;
    if (!isDeepStrictEqual(question, asked)) throw this.#fail(this.#difference(entryText(asked as Asked)));
    this.#advance();
    if (refused !== undefined) throw refusalOf(refused);
    return is ?? null;
  }

  #difference(got: string): OpenslotError {
    const head = this.#head;
    const { line, byte } = this.#reader;
    if (head === undefined) return new RecordingTruncatedError(this.#file, line, byte, got);
    return new ReplayDiffersError(this.#file, line, entryText(head), got);
  }

  #fail(error: OpenslotError): OpenslotError {
    this.#failure = error;
    const waiting = [...this.#waiters.values()].flat();
    this.#waiters.clear();
    for (const { fail } of waiting) fail(error);
    for (const listener of this.#stopListeners) listener(error);
    this.#stopListeners.clear();
    return error;
  }

  /** Goes on to the next question; what happened before it happens now. */
  #advance(): void {
    try {
      this.#head = this.#reader.next();
      while (this.#head !== undefined && isOccurrence(this.#head) && this.#head.op !== 'end') {
        this.#happen(this.#head);
        this.#head = this.#reader.next();
      }
    } catch (error) {
      if (error instanceof RecordingMalformedError) this.#fail(error);
      throw error;
    }
  }

  #happen(occurrence: Occurrence): void {
    switch (occurrence.op) {
      case 'inventory':
        this.#inventory = occurrence;
        return;
      case 'memory.device': {
        const { buffer, at, data } = occurrence;
        const bytes = Buffer.from(data, 'base64');
        const memory = this.#memories.get(buffer)?.memory;
        if (memory === undefined || at + bytes.length > memory.bytes.length)
          throw this.#malformed(`there is no such place of buffer ${buffer}`);
        memory.receive(at, bytes);
        return;
      }
      case 'dma.allocated': {
        const { buffer, size, iova, segments = [] } = occurrence;
        if (size !== undefined && iova !== undefined) {
          const memory = new ProgramMemory(size, true);
          this.#memories.set(buffer, {
            memory,
            iova: iovaOf(iova),
            segments: segments.map((segment) => ({ iova: iovaOf(segment.iova), bytes: segment.bytes })),
          });
        }
        this.#come(`buffer ${buffer}`, occurrence);
        return;
      }
      case 'reset.done':
        this.#come(`reset ${occurrence.device}`, occurrence);
        return;
      case 'interrupt':
      case 'interrupt.end':
        this.#come(`interrupt ${occurrence.device} ${occurrence.source}`, occurrence);
        return;
      case 'fault':
      case 'end':
        return;
    }
  }

  #wait(
    key: string,
    text: string,
  ): {
    readonly promise: Promise<Occurrence | undefined>;
    readonly resolve: (value: undefined) => void;
    readonly cancel: () => void;
  } {
    let resolve: (value: Occurrence | undefined) => void = () => undefined;
    let fail: (error: Error) => void = () => undefined;
    const promise = new Promise<Occurrence | undefined>((onResolve, onReject) => {
      resolve = onResolve;
      fail = onReject;
    });
    const waiter: Waiter = { text, come: resolve, fail };
    const waiting = this.#waiters.get(key) ?? [];
    this.#waiters.set(key, [...waiting, waiter]);
    const cancel = () => {
      const left = (this.#waiters.get(key) ?? []).filter((other) => other !== waiter);
      if (left.length > 0) this.#waiters.set(key, left);
      else this.#waiters.delete(key);
    };
    return { promise, resolve, cancel };
  }

  #come(key: string, occurrence: Occurrence): void {
    const [waiter, ...left] = this.#waiters.get(key) ?? [];
    if (waiter === undefined) throw this.#malformed('nobody has asked for it');
    if (left.length > 0) this.#waiters.set(key, left);
    else this.#waiters.delete(key);
    waiter.come(occurrence);
  }

  #malformed(why: string): RecordingMalformedError {
    return new RecordingMalformedError(this.#file, this.#reader.line, why);
  }
}

function iovaOf(text: Hex): Iova {
  return BigInt(text) as Iova;
}

/** Its rejection may come while nobody awaits it: who does is told all the same. */
function observed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function refusedOf(done: Occurrence | undefined): ErrorData | undefined {
  return done?.op === 'reset.done' || done?.op === 'dma.allocated' ? done.refused : undefined;
}

function refusalOf(refused: ErrorData | undefined): Error {
  return new RecordedRefusal(
    refused ?? { code: 'INTERNAL', message: 'the recorded machine gave no reason', evidence: {}, next: '' },
  );
}
