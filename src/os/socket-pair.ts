/** Two connected sockets of this process, for a child to inherit one of. */
import { closeSync } from 'node:fs';
import { SystemCallError } from './errors.js';
import { lastErrno, systemLibrary, type NativeFunction } from './library.js';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;

export interface SocketPair extends Disposable {
  /** For this process; it blocks until it is watched. */
  readonly own: number;
  /** For a child. It is closed here once the child has it. */
  readonly others: number;
}

let call: NativeFunction | undefined;

/** A stream in both directions. @throws {SystemCallError | NativeUnavailableError} */
export function openSocketPair(subject: string): SocketPair {
  call ??= systemLibrary().bind('int socketpair(int domain, int type, int protocol, void *pair)');
  const pair = new Int32Array(2);
  if (call(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) !== 0)
    throw new SystemCallError('socketpair', subject, lastErrno());
  const [own = -1, others = -1] = pair;
  return {
    own,
    others,
    [Symbol.dispose]: () => {
      closeSync(own);
      closeSync(others);
    },
  };
}
