/** Event counters of the kernel: eventfd(2). */
import { SystemCallError } from './errors.js';
import { lastErrno, systemLibrary, type NativeFunction } from './library.js';
import { readOnce } from './transfer.js';

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

let call: NativeFunction | undefined;

/**
 * A descriptor that counts: a read takes the 8 bytes of the count and leaves 0, and fails with EAGAIN while it is 0.
 * It is the caller's to close. @throws {SystemCallError | NativeUnavailableError} `subject` is what it is to count.
 */
export function openEventCounter(subject: string): number {
  call ??= systemLibrary().bind('int eventfd(unsigned int initial, int flags)');
  const fd = call(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (typeof fd !== 'number' || fd < 0) throw new SystemCallError('eventfd', subject, lastErrno());
  return fd;
}

const count = new BigUint64Array(1);
const countBytes = new Uint8Array(count.buffer);

/** Takes the count; 0 where there was none. Exact to 53 bits. */
export function takeEvents(fd: number): number {
  return readOnce(fd, countBytes) === countBytes.length ? Number(count[0]) : 0;
}
