/** A file that a user names: whatever stands at its path is read, without waiting for nobody. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes: a hundred times of what any file has that a person writes. */
const LONGEST = 16 * 1024 * 1024;
const PIECE = 64 * 1024;
/** Between two looks at a pipe whose writer has not written yet. */
const PAUSE_MS = 20;

/** The descriptor that every process is started with. */
type StandardInput = 0;

/**
 * Open for reading, from its beginning to its end. A pipe is read to its end, as `<(command)` gives it; one that nobody
 * has open to write is `ENODATA`.
 */
export class GivenFile implements Disposable {
  readonly #fd: number;
  readonly #isNamed: boolean;
  #isRead = false;

  /** @throws {NodeJS.ErrnoException} */
  constructor(file: string | StandardInput) {
    const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
    this.#isNamed = typeof file === 'string';
    // Opening a FIFO waits for whoever opens its other end, unless told not to wait.
    this.#fd = typeof file === 'string' ? openSync(file, O_RDONLY | O_NONBLOCK | O_NOCTTY) : file;
  }

  /** In bytes; pipes and devices do not say how much they have. */
  get size(): number {
    return fstatSync(this.#fd).size;
  }

  /** Waits for a writer that has not written yet. @returns bytes read, 0 at the end. @throws {NodeJS.ErrnoException} */
  read(into: Uint8Array): number {
    const length = this.#next(into);
    if (length === 0 && !this.#isRead && this.#isNamed && fstatSync(this.#fd).isFIFO())
      throw failure('ENODATA');
    this.#isRead = true;
    return length;
  }

  [Symbol.dispose](): void {
    if (this.#isNamed) closeSync(this.#fd);
  }

  #next(into: Uint8Array): number {
    for (;;) {
      try {
        return readSync(this.#fd, into);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
      }
    }
  }
}

/**
 * Its text; what is longer than `longest` bytes, or has no end, is `EFBIG`.
 * @throws {NodeJS.ErrnoException} as {@link GivenFile} does.
 */
export function readGivenFile(
  file: string | StandardInput,
  encoding: 'utf8' | 'latin1',
  longest = LONGEST,
): string {
  using given = new GivenFile(file);
  const pieces: Buffer[] = [];
  let held = 0;
  for (;;) {
    const piece = Buffer.alloc(PIECE);
    const length = given.read(piece);
    if (length === 0) return Buffer.concat(pieces).toString(encoding);
    held += length;
    if (held > longest) throw failure('EFBIG');
    pieces.push(piece.subarray(0, length));
  }
}

function failure(code: 'EFBIG' | 'ENODATA'): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
