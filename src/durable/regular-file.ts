/** A file that this program keeps is a regular one: what else can stand at a path may block who opens it for ever. */
import {
  appendFileSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  statSync,
  type Stats,
} from 'node:fs';

/** A FIFO, a device or a folder is in the place of the file. */
export class NotRegularFileError extends Error {
  override readonly name = 'NotRegularFileError';
  constructor(what: string) {
    super(`it is ${what}, and no regular file`);
  }
}

/** Links are followed. @throws {NotRegularFileError} and what the file system throws. */
export function readRegularFile(path: string): Buffer;
export function readRegularFile(path: string, encoding: BufferEncoding): string;
export function readRegularFile(path: string, encoding: BufferEncoding | null = null): Buffer | string {
  // Opening a FIFO waits for whoever opens its other end, unless told not to wait.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    checkRegular(fstatSync(fd));
    return readFileSync(fd, encoding);
  } finally {
    closeSync(fd);
  }
}

/** Made where it is not there; durable when it returns. @throws what {@link readRegularFile} throws. */
export function appendToRegularFile(path: string, text: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined) checkRegular(stats);
  appendFileSync(path, text, { flush: true });
}

function checkRegular(stats: Stats): void {
  if (!stats.isFile()) throw new NotRegularFileError(kindOf(stats));
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a FIFO';
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'a device' : 'something else';
}
