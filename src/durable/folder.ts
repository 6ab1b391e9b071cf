/** A folder that comes to be where it is wanted, with those above it. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errnoOf } from './errno.js';

/**
 * Makes what is not there of the folder and of those above it; `mode` is that of each. Node's own recursive mkdir tries
 * without an end where the kernel has no place for folders, as below /proc: it takes every ENOENT for one above that is
 * missing. @throws {NodeJS.ErrnoException} the kernel's answer to the highest one that cannot be made.
 */
export function makeFolder(path: string, mode = 0o777): void {
  const missing: string[] = [];
  for (let folder = resolve(path); absence(folder, mode) !== undefined; folder = dirname(folder))
    missing.unshift(folder);
  for (const folder of missing) {
    const refusal = absence(folder, mode);
    if (refusal !== undefined) throw refusal;
  }
}

/** Makes it unless it is there. @returns ENOENT: one above it is missing, or the kernel makes none there. */
function absence(folder: string, mode: number): Error | undefined {
  try {
    mkdirSync(folder, { mode });
  } catch (cause) {
    // Whatever the kernel says: it was there, or another process was quicker.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return undefined;
    if (errnoOf(cause) === 'ENOENT' && cause instanceof Error) return cause;
    throw cause;
  }
  return undefined;
}
