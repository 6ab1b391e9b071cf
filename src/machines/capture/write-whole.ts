/** A file is written as a whole or not at all, and never over somebody else's. */
import { lstatSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { flushFolder, writeNewFile } from '../../durable/index.js';
import { CaptureFileError, errnoOf } from './errors.js';

/**
 * Writes the file (mode 0600: the kernel shows to root alone what is in it) beside its place and moves it there once it
 * is on the disk, so that a former one stays until then. What is no file of a disk is written to as it is.
 * @throws {CaptureFileError}
 */
export function writeWhole(file: string, text: string): void {
  refuseStrangersLink(file);
  try {
    const there = statSync(file, { throwIfNoEntry: false });
    if (there !== undefined && !there.isFile()) writeFileSync(file, text);
    else replace(there === undefined ? file : realpathSync(file), text);
  } catch (cause) {
    throw new CaptureFileError(file, 'written', errnoOf(cause), { cause });
  }
}

/** Permissions of a folder that all may write to, and where each may remove what is theirs alone: /tmp. */
const SHARED = 0o1002;

/**
 * Somebody else could have the capture written over a file of ours. The kernel has the same rule for who opens by name
 * (fs.protected_symlinks), and is not asked where a file takes another one's place.
 */
function refuseStrangersLink(file: string): void {
  const link = lstatSync(file, { throwIfNoEntry: false });
  if (link?.isSymbolicLink() !== true) return;
  const folder = statSync(dirname(file));
  const isShared = (folder.mode & SHARED) === SHARED;
  if (isShared && link.uid !== process.geteuid?.() && link.uid !== folder.uid)
    throw new CaptureFileError(
      file,
      'written',
      'it is a link of somebody else, in a folder that all may write to',
    );
}

/** Beside a user's own files and perhaps others' captures: under a name that is this process's alone. */
function replace(file: string, text: string): void {
  const next = `${file}.${process.pid}.new`;
  writeNewFile(next, text);
  try {
    renameSync(next, file);
  } catch (cause) {
    rmSync(next, { force: true });
    throw cause;
  }
  flushFolder(dirname(file));
}
