/** A file that is there as a whole or not at all. */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from './errno.js';

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

const UNPLACED = /^openslot-next-([1-9]\d{0,9})$/;

/**
 * Writes a file in the folder under a name that is this process's alone, and has `place` link or rename it to the one
 * that readers know: of two processes neither writes into the other's. Durable when it returns.
 */
export function placeFile<Result>(
  folder: string,
  contents: string | Uint8Array,
  place: (next: string) => Result,
  mode = 0o600,
): Result {
  clearUnplaced(folder);
  const next = join(folder, `openslot-next-${process.pid}`);
  writeNewFile(next, contents, mode);
  let placed: Result;
  try {
    placed = place(next);
  } finally {
    rmSync(next, { force: true });
  }
  flushFolder(folder);
  return placed;
}

/** Durable when it returns; the former contents are there until then, and when this throws. */
export function replaceFile(path: string, contents: string | Uint8Array, mode = 0o600): void {
  placeFile(
    dirname(path),
    contents,
    (next) => {
      renameSync(next, path);
    },
    mode,
  );
}

/** Removes what processes that were killed in {@link placeFile} have left in the folder; nobody reads it. */
export function clearUnplaced(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      const [, writer] = UNPLACED.exec(name) ?? [];
      if (writer !== undefined && !isWriting(Number(writer))) rmSync(join(folder, name), { force: true });
    }
  } catch {
    // It is in nobody's way: where nothing can be removed, writing tells.
  }
}

/** This process has none under way: a name of its own is of one that had its id before. */
function isWriting(writer: number): boolean {
  if (writer === process.pid) return false;
  try {
    process.kill(writer, 0);
    return true;
  } catch (cause) {
    return errnoOf(cause) !== 'ESRCH';
  }
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
