/** Two connected sockets of this process, for a child to inherit one of, and descriptors sent through them. */
import { closeSync } from 'node:fs';
import { SystemCallError } from './errors.js';
import { koffi, lastErrno, systemLibrary, type NativeFunction } from './library.js';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;

export interface SocketPair extends Disposable {
  /** For this process; it blocks until it is watched. */
  readonly own: number;
  /** For a child. It is closed here once the child has it. */
  readonly others: number;
}

let socketpair: NativeFunction | undefined;

/** A stream in both directions. @throws {SystemCallError | NativeUnavailableError} */
export function openSocketPair(subject: string): SocketPair {
  socketpair ??= systemLibrary().bind('int socketpair(int domain, int type, int protocol, void *pair)');
  const pair = new Int32Array(2);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) !== 0)
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

/** Where the parts of one message stand in the memory that it is made in. */
const IOVEC = 64;
const CONTROL = 128;
const DATA = 256;
const ARENA_BYTES = 4096;
/** struct cmsghdr { size_t length; int level; int type; } and one descriptor behind it. */
const CONTROL_LENGTH = 20;
const CONTROL_SPACE = 24;

interface Arena {
  readonly address: unknown;
  readonly base: bigint;
  readonly view: DataView;
  readonly sendmsg: NativeFunction;
}

let arena: Arena | undefined;

function arenaOf(): Arena {
  if (arena !== undefined) return arena;
  const native = koffi('passing a descriptor');
  const address: unknown = native.alloc('uint8_t', ARENA_BYTES);
  arena = {
    address,
    base: BigInt(native.address(address)),
    view: new DataView(native.view(address, ARENA_BYTES)),
    sendmsg: systemLibrary().bind('int64_t sendmsg(int fd, void *message, int flags)'),
  };
  return arena;
}

/**
 * Sends a few bytes, and a descriptor with them (sendmsg(2), unix(7)); whoever receives them has the same open file.
 * @throws {SystemCallError} also when the socket does not take all of it at once.
 */
export function sendDescriptor(socket: number, bytes: Uint8Array, descriptor: number | undefined): void {
  const { address, base, view, sendmsg } = arenaOf();
  if (bytes.length > ARENA_BYTES - DATA) throw new RangeError(`${bytes.length} bytes are too many at once`);
  // struct msghdr { void *name; socklen_t; struct iovec *; size_t; void *control; size_t; int flags; }
  for (let offset = 0; offset < DATA; offset += 8) view.setBigUint64(offset, 0n, true);
  view.setBigUint64(16, base + BigInt(IOVEC), true);
  view.setBigUint64(24, 1n, true);
  view.setBigUint64(IOVEC, base + BigInt(DATA), true);
  view.setBigUint64(IOVEC + 8, BigInt(bytes.length), true);
  for (const [index, byte] of bytes.entries()) view.setUint8(DATA + index, byte);
  if (descriptor !== undefined) {
    view.setBigUint64(32, base + BigInt(CONTROL), true);
    view.setBigUint64(40, BigInt(CONTROL_SPACE), true);
    view.setBigUint64(CONTROL, BigInt(CONTROL_LENGTH), true);
    view.setInt32(CONTROL + 8, SOL_SOCKET, true);
    view.setInt32(CONTROL + 12, SCM_RIGHTS, true);
    view.setInt32(CONTROL + 16, descriptor, true);
  }
  const sent = sendmsg(socket, address, MSG_NOSIGNAL);
  if (Number(sent) !== bytes.length) throw new SystemCallError('sendmsg', 'a socket', lastErrno());
}
