/** read(2) and write(2) that answer with an errno instead of an exception: for devices where "not now" is an everyday answer. */
import { constants } from 'node:os';
import { koffi, systemLibrary, type NativeFunction } from './library.js';

let calls:
  { readonly read: NativeFunction; readonly write: NativeFunction; readonly errno: () => number } | undefined;

function bound(): NonNullable<typeof calls> {
  const native = koffi('reading a device file');
  calls ??= {
    read: systemLibrary().bind('int64_t read(int fd, void *into, size_t length)'),
    write: systemLibrary().bind('int64_t write(int fd, void *from, size_t length)'),
    errno: () => native.errno(),
  };
  return calls;
}

/** One read(2) of at most `into.length` bytes. @returns the bytes read, or an errno as a negative number. */
export function readOnce(fd: number, into: Uint8Array): number {
  const { read, errno } = calls ?? bound();
  const count = Number(read(fd, into, into.length));
  return count >= 0 ? count : -(errno() || constants.errno.EIO);
}

/** One write(2) of the first `length` bytes. @returns the bytes written, or an errno as a negative number. */
export function writeOnce(fd: number, from: Uint8Array, length: number): number {
  const { write, errno } = calls ?? bound();
  const count = Number(write(fd, from, length));
  return count >= 0 ? count : -(errno() || constants.errno.EIO);
}
