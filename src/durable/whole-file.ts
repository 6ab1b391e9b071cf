/** A file that is there as a whole or not at all. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file that has no reader yet. It is on the disk when this returns, under a name that {@link flushFolder} makes
 * durable; when this throws, what a full disk took of it is gone. What had the name before is removed.
 */
export function writeNewFile(path: string, contents: string | Uint8Array, mode = 0o600): void {
  rmSync(path, { force: true });
  try {
    // Made anew, never followed: nobody else's file is written through a link.
    writeFileSync(path, contents, { mode, flush: true, flag: 'wx' });
  } catch (cause) {
    rmSync(path, { force: true });
    throw cause;
  }
}

/** Durable when it returns; the former contents are there until then, and when this throws. */
export function replaceFile(path: string, contents: string | Uint8Array, mode = 0o600): void {
  // One name for each file: what a killed process left there is in nobody's way.
  const next = `${path}.next`;
  writeNewFile(next, contents, mode);
  try {
    renameSync(next, path);
  } catch (cause) {
    rmSync(next, { force: true });
    throw cause;
  }
  flushFolder(dirname(path));
}

/** The names that files of the folder got or lost are on the disk, too. */
export function flushFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
