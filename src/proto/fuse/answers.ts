/** What the handler of a request returns: bytes of payload, an errno, or that no answer is to be sent now. */
import { constants } from 'node:os';
import { FileError, type Errno } from '../files/device-file.js';

/** Nothing is sent: the request wants no answer, or gets it later. */
export const NO_ANSWER = -0x8000_0000;

/** The negative number that stands for an errno in an answer. */
export function failure(errno: Errno | 'ENOENT' | 'ENOSYS' | 'ENOTDIR' | 'EISDIR'): number {
  return -constants.errno[errno];
}

/** A refusal as its errno; what is none is a fault of the server, and EIO to the caller. */
export function failureOf(error: unknown, onFault: (error: unknown) => void): number {
  if (error instanceof FileError) return failure(error.errno);
  onFault(error);
  return failure('EIO');
}
