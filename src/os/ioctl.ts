/** ioctl(2) with a structure in a buffer. */
import { SystemCallError } from './errors.js';
import { lastErrno, systemLibrary, type NativeFunction } from './library.js';

let call: NativeFunction | undefined;
let callByValue: NativeFunction | undefined;

/**
 * Carries out one control request on an open file. `argument` is passed by address and may be written to; it must
 * not be shorter than the request's structure.
 * @returns what the call returned, 0 or more.
 * @throws {SystemCallError} with the errno.
 */
export function ioctl(fd: number, request: number, argument: Uint8Array, subject: string): number {
  // A fixed third argument: the calling convention of x86-64 and arm64 Linux passes it like a variadic one.
  call ??= systemLibrary().bind('int ioctl(int fd, unsigned long request, void *argument)');
  const result = call(fd, request, argument);
  if (typeof result !== 'number' || result < 0) throw new SystemCallError('ioctl', subject, lastErrno());
  return result;
}

/** As {@link ioctl}, for requests whose argument is a number itself; those without one take 0. */
export function ioctlValue(fd: number, request: number, argument: number, subject: string): number {
  callByValue ??= systemLibrary().bind('int ioctl(int fd, unsigned long request, unsigned long argument)');
  const result = callByValue(fd, request, argument);
  if (typeof result !== 'number' || result < 0) throw new SystemCallError('ioctl', subject, lastErrno());
  return result;
}
