/** Refusals of the system calls room. */
import { OpenslotError } from '../pci/errors.js';

/** koffi has no build for this platform, or was not installed. */
export class NativeUnavailableError extends OpenslotError {
  readonly code = 'NATIVE_UNAVAILABLE';
  constructor(what: string, options?: ErrorOptions) {
    super(
      `${what} needs system calls that Node does not have, and koffi, which makes them, does not load here`,
      { what, platform: `${process.platform}-${process.arch}` },
      'npm install koffi (with optional packages), or use a machine that needs no native code',
      options,
    );
  }
}

/** A C library that the call needs is not installed. */
export class LibraryMissingError extends OpenslotError {
  readonly code = 'LIBRARY_MISSING';
  constructor(soname: string, options?: ErrorOptions) {
    super(
      `the library ${soname} cannot be loaded`,
      { soname },
      `install the package that has ${soname}`,
      options,
    );
  }
}

/** A system call failed. */
export class SystemCallError extends OpenslotError {
  readonly code = 'SYSTEM_CALL_FAILED';
  readonly errno: string;
  constructor(call: string, subject: string, errno: string, next = '') {
    super(`${call} on ${subject} failed with ${errno}`, { call, subject, errno }, next);
    this.errno = errno;
  }
}
