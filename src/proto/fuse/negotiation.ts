/** INIT: the version and the abilities that kernel and server agree on. */
import { OpenslotError } from '../../pci/index.js';
import { In, InitFlag, InitFlag2, MOST_WRITTEN, OLDEST_MINOR, VERSION } from './abi.js';
import type { Reply } from './reply.js';
import type { Request } from './request.js';

/** Bytes of struct fuse_init_out. */
const INIT_OUT = 64;
/** Requests that may wait in the kernel for us without its holding back: ends of opens are among them. */
const MOST_BACKGROUND = 64;

/** The kernel's FUSE is too old. */
export class FuseVersionError extends OpenslotError {
  readonly code = 'FUSE_VERSION';
  constructor(major: number, minor: number) {
    const kernel = `${major}.${minor}`;
    const needed = `${VERSION.major}.${OLDEST_MINOR}`;
    super(
      `the kernel speaks FUSE ${kernel}, and the files need ${needed}`,
      { kernel, needed },
      'use Linux 4.20 or newer',
    );
  }
}

/** What both can do. */
export interface Agreement {
  /** mmap(2) of a file can map a descriptor's memory in its place (FUSE_PASSTHROUGH, kernel 6.9). */
  readonly passthrough: boolean;
}

/**
 * Fills the answer to INIT. The kernel's page cache gets nothing to do: no read-ahead, no write-back, no mapping of
 * files that are read and written by calls. @returns undefined when the kernel must ask again, with our version.
 * @throws {FuseVersionError}
 */
export function negotiate(
  request: Request,
  reply: Reply,
): { readonly length: number; readonly agreement: Agreement | undefined } {
  const major = request.word(In.init.major);
  const offered = request.word(In.init.minor);
  reply.clear(INIT_OUT);
  reply.set32(0, VERSION.major);
  if (major > VERSION.major) return { length: INIT_OUT, agreement: undefined };
  if (major < VERSION.major || offered < OLDEST_MINOR) throw new FuseVersionError(major, offered);
  const minor = Math.min(offered, VERSION.minor);
  const flags = request.word(In.init.flags);
  const flags2 = (flags & InitFlag.extended) === 0 ? 0 : request.word(In.init.flags2);
  const passthrough = (flags2 & InitFlag2.passthrough) !== 0;
  reply.set32(4, minor);
  reply.set32(12, flags & (InitFlag.atomicTruncate | InitFlag.bigWrites | InitFlag.extended));
  reply.set16(16, MOST_BACKGROUND);
  reply.set16(18, MOST_BACKGROUND);
  reply.set32(20, MOST_WRITTEN);
  reply.set32(24, 1);
  if (passthrough) {
    reply.set32(32, InitFlag2.passthrough);
    // max_stack_depth: what is passed to is memory, no file system on top of another one.
    reply.set32(36, 1);
  }
  return { length: INIT_OUT, agreement: { passthrough } };
}
