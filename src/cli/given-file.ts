/** The text of a file that a command was given: of whatever stands at its path, without waiting for nobody, and bounded. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes: a hundred times of what any file has that a person writes. */
const LONGEST = 16 * 1024 * 1024;
const PIECE = 64 * 1024;
/** Between two looks at a pipe whose writer has not written yet. */
const PAUSE_MS = 20;

const STANDARD_INPUT = 0;

/**
 * A pipe is read to its end, as `<(command)` gives it; one that nobody has open to write is `ENODATA`, and what is longer
 * than `longest` bytes, or has no end, `EFBIG`.
 * @throws {NodeJS.ErrnoException}
 */
export function readGivenFile(
  file: string | typeof STANDARD_INPUT,
  encoding: 'utf8' | 'latin1',
  longest = LONGEST,
): string {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
  const fd = typeof file === 'string' ? openSync(file, O_RDONLY | O_NONBLOCK | O_NOCTTY) : file;
  try {
    const pieces: Buffer[] = [];
    let held = 0;
    for (;;) {
      const piece = Buffer.alloc(PIECE);
      const length = readNext(fd, piece);
      if (length === 0) break;
      held += length;
      if (held > longest) throw failure('EFBIG');
      pieces.push(piece.subarray(0, length));
    }
    if (held === 0 && typeof file === 'string' && fstatSync(fd).isFIFO()) throw failure('ENODATA');
    return Buffer.concat(pieces).toString(encoding);
  } finally {
    if (fd !== STANDARD_INPUT) closeSync(fd);
  }
}

function readNext(fd: number, piece: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, piece);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

function failure(code: 'EFBIG' | 'ENODATA'): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
