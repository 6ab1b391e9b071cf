/** Reads a few bytes at a place of a file: pread(2), for files in which each read is an access to a device. */
import { readSync } from 'node:fs';
import { systemLibrary, nativeCallsLoaded, type NativeFunction } from './library.js';

let call: NativeFunction | undefined;

/**
 * One pread(2) of so many bytes into the beginning of `into`. A process that makes native calls anyway makes this one
 * itself: on the way through Node's `readSync` it takes half as long again.
 * @returns how many were read. @throws errno errors of `readSync`.
 */
export function readAt(fd: number, into: Uint8Array, bytes: number, offset: number): number {
  if (nativeCallsLoaded()) {
    call ??= systemLibrary().bind('int64_t pread(int fd, void *buffer, size_t bytes, int64_t offset)');
    const count = call(fd, into, bytes, offset);
    if (typeof count === 'number' && count >= 0) return count;
    // A read that failed has reached nothing. Node says why in its own words.
  }
  return readSync(fd, into, 0, bytes, offset);
}
