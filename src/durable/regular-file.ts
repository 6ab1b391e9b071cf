/** Reading a file that this program keeps: a regular one, because what else can stand at a path may block for ever. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

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
  // Opening a FIFO for reading waits for its writer, unless told not to wait.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new NotRegularFileError(kindOf(stats));
    return readFileSync(fd, encoding);
  } finally {
    closeSync(fd);
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a FIFO';
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'a device' : 'something else';
}
