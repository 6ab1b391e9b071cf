/** The position in an open file, which Node moves only by reading. */
import { SystemCallError } from './errors.js';
import { lastErrno, systemLibrary, type NativeFunction } from './library.js';

const SEEK_END = 2;

let call: NativeFunction | undefined;

/** What was there before is not read any more. @throws {SystemCallError | NativeUnavailableError} */
export function seekToEnd(fd: number, subject: string): void {
  call ??= systemLibrary().bind('int64_t lseek(int fd, int64_t offset, int whence)');
  if (Number(call(fd, 0, SEEK_END)) < 0) throw new SystemCallError('lseek', subject, lastErrno());
}
