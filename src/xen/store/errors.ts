/** Why an operation on XenStore failed: one class per cause, each with a stable code, its evidence and the next step. */
import { OpenslotError } from '../../pci/errors.js';
import type { Evidence } from '../../pci/errors.js';

/** Base of everything that this room throws. */
export abstract class XenStoreError extends OpenslotError {}

/** What an operation was about, for texts and evidence. */
export interface Operation {
  /** Name of the message as the protocol names it: `READ`, `TRANSACTION_END`. */
  readonly name: string;
  readonly path?: string;
}

/** What a {@link XenStoreRefusedError} knows besides operation and errno. */
export interface Refusal {
  /** Who refused: the server, or this client before anything was sent. */
  readonly by: 'server' | 'client';
  /** Why, where more than the errno is known. */
  readonly reason?: string;
  readonly cause?: unknown;
}

const NEXT: Readonly<Record<string, (path: string) => string>> = {
  EACCES: (path) => `look at who may read and write it: xenstore-ls -fp ${path}`,
  EPERM: () => 'only dom0 may change the owner of a node',
  EINVAL: () => 'see docs/misc/xenstore.txt of Xen for what a path and its arguments may be',
  ENOSPC: () => 'a quota of this domain is used up: remove nodes or watches, or raise xenstored --quota',
  ENOSYS: () => 'this xenstored is too old for the operation',
};

/** The store answered an operation with an error, or the client saw that it would. Code: `XENSTORE_` and the errno. */
export class XenStoreRefusedError extends XenStoreError {
  readonly code: string;
  /** Name of the errno as it stood on the wire: `EACCES`. */
  readonly errno: string;
  readonly operation: string;
  readonly path: string | undefined;
  readonly by: Refusal['by'];

  constructor(operation: Operation, errno: string, refusal: Refusal) {
    const { by, reason, cause } = refusal;
    const subject = operation.path === undefined ? '' : ` ${quote(operation.path)}`;
    const evidence: Evidence = {
      operation: operation.name,
      ...(operation.path === undefined ? {} : { path: operation.path }),
      errno,
      by,
      ...(reason === undefined ? {} : { reason }),
    };
    super(
      `XenStore ${operation.name}${subject}: ${errno}${reason === undefined ? '' : `: ${reason}`}`,
      evidence,
      NEXT[errno]?.(operation.path ?? '/') ?? '',
      cause === undefined ? undefined : { cause },
    );
    this.code = `XENSTORE_${errno}`;
    this.errno = errno;
    this.operation = operation.name;
    this.path = operation.path;
    this.by = by;
  }
}

/** One way to the store that was tried in vain. */
export interface Attempt {
  readonly path: string;
  /** Name of the errno: `ENOENT`. */
  readonly errno: string;
}

/** No connection to a store could be made. */
export class XenStoreUnreachableError extends XenStoreError {
  readonly code = 'XENSTORE_UNREACHABLE';
  constructor(attempts: readonly Attempt[], cause?: unknown) {
    const tried = attempts.map(({ path, errno }) => `${path}: ${errno}`);
    super(
      `no XenStore can be reached (${tried.join(', ') || 'nothing to try'})`,
      { tried, errno: attempts.map(({ errno }) => errno) },
      unreachableNext(new Set(attempts.map(({ errno }) => errno))),
      cause === undefined ? undefined : { cause },
    );
  }
}

// The most telling errno decides: a socket that exists says more than one that does not.
function unreachableNext(errnos: ReadonlySet<string>): string {
  if (errnos.has('EACCES') || errnos.has('EPERM')) return "run it as root: the socket of xenstored is root's";
  if (errnos.has('ECONNREFUSED')) return 'xenstored has died: start it again (systemctl start xenstored)';
  return 'start xenstored (systemctl start xenstored) when this is dom0 of a Xen, or set XENSTORED_PATH to its socket';
}

/** A server could not listen where it was told to. */
export class XenStoreListenError extends XenStoreError {
  readonly code = 'XENSTORE_LISTEN';
  constructor(path: string, errno: string, options?: ErrorOptions) {
    super(
      `no XenStore can be served at ${quote(path)}: ${errno}`,
      { path, errno },
      errno === 'EADDRINUSE'
        ? 'another server listens there: stop it, or choose another path'
        : 'choose another path',
      options,
    );
  }
}

/** The connection is over: nothing can be asked any more, and what was asked has no answer. */
export class XenStoreClosedError extends XenStoreError {
  readonly code = 'XENSTORE_CLOSED';
  constructor(by: 'server' | 'client', detail: string, operation?: Operation, cause?: unknown) {
    const during = operation === undefined ? '' : ` during ${operation.name} ${quote(operation.path ?? '')}`;
    super(
      `the connection to XenStore has ended${during}: ${detail}`,
      {
        by,
        detail,
        ...(operation === undefined ? {} : { operation: operation.name, path: operation.path ?? '' }),
      },
      by === 'client' ? '' : 'see whether xenstored still runs; what was written before stands',
      cause === undefined ? undefined : { cause },
    );
  }
}

/** What came over the wire is not the protocol. The connection is of no further use. */
export class XenStoreProtocolError extends XenStoreError {
  readonly code = 'XENSTORE_PROTOCOL';
  constructor(what: string, evidence: Evidence = {}) {
    super(`not the XenStore protocol: ${what}`, { what, ...evidence });
  }
}

/** Others kept changing what an operation needed to find unchanged, every time it was tried. */
export class XenStoreContendedError extends XenStoreError {
  readonly code = 'XENSTORE_CONTENDED';
  /** @param what what was in conflict, as the subject of the text: `a transaction`. */
  constructor(what: string, attempts: number) {
    super(
      `${what} was in conflict with other writers of XenStore ${attempts} times`,
      { what, attempts },
      'find who keeps writing there: xenstore-watch PATH',
    );
  }
}

/** True when the server (not this client) refused with one of these errnos. */
export function isRefusal(error: unknown, ...errnos: readonly string[]): error is XenStoreRefusedError {
  return error instanceof XenStoreRefusedError && error.by === 'server' && errnos.includes(error.errno);
}

// A path in a text may be any garbage that a caller gave.
function quote(path: string): string {
  return path === '' || /[^\x21-\x7e]/.test(path) ? JSON.stringify(path) : path;
}
