/** Descriptors that another process passes: a pair of connected sockets, and receiving one over them (SCM_RIGHTS, unix(7)). */
import { constants } from 'node:os';
import { SystemCallError } from './errors.js';
import { koffi, lastErrno, systemLibrary, type NativeFunction } from './library.js';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x4000_0000;

/** struct msghdr of a 64-bit machine: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48. */
const MESSAGE = { bytes: 56, vectors: 16, vectorCount: 24, control: 32, controlLength: 40 } as const;
/** struct iovec { void *base; size_t length; }, one byte of data, and a struct cmsghdr with one descriptor, behind it. */
const VECTOR = 56;
const DATA = 72;
const CONTROL = 80;
/** struct cmsghdr { size_t len; int level; int type; } and the descriptor. */
const CONTROL_BYTES = 24;
const CONTROL_USED = 20;
const ARENA = CONTROL + CONTROL_BYTES;

let calls: { readonly socketpair: NativeFunction; readonly recvmsg: NativeFunction } | undefined;

function bound(): NonNullable<typeof calls> {
  calls ??= {
    socketpair: systemLibrary().bind('int socketpair(int domain, int type, int protocol, void *pair)'),
    recvmsg: systemLibrary().bind('int64_t recvmsg(int fd, uint64_t message, int flags)'),
  };
  return calls;
}

/** Two connected stream sockets; whoever gets one as standard input or output of a child inherits it. @throws {SystemCallError} */
export function socketPair(): readonly [number, number] {
  const pair = new Int32Array(2);
  if (bound().socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) !== 0)
    throw new SystemCallError('socketpair', 'a pair of sockets', lastErrno());
  return [pair[0] ?? -1, pair[1] ?? -1];
}

/**
 * Receives the descriptor that comes with the next byte, closed on exec, without waiting for it.
 * @returns undefined when there is none: nothing was sent, or the other end is closed. @throws {SystemCallError}
 */
export function receiveDescriptor(socket: number): number | undefined {
  const native = koffi('receiving a descriptor');
  const base: unknown = native.alloc('uint8_t', ARENA);
  try {
    const address = native.address(base);
    const view = new DataView(native.view(address, ARENA));
    for (let at = 0; at < ARENA; at += 8) view.setBigUint64(at, 0n, true);
    view.setBigUint64(MESSAGE.vectors, address + BigInt(VECTOR), true);
    view.setBigUint64(MESSAGE.vectorCount, 1n, true);
    view.setBigUint64(MESSAGE.control, address + BigInt(CONTROL), true);
    view.setBigUint64(MESSAGE.controlLength, BigInt(CONTROL_BYTES), true);
    view.setBigUint64(VECTOR, address + BigInt(DATA), true);
    view.setBigUint64(VECTOR + 8, 1n, true);
    const count = Number(bound().recvmsg(socket, address, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (count < 0) {
      const errno = native.errno();
      if (errno === constants.errno.EAGAIN) return undefined;
      throw new SystemCallError('recvmsg', 'a socket', lastErrno());
    }
    const carries =
      view.getBigUint64(CONTROL, true) === BigInt(CONTROL_USED) &&
      view.getInt32(CONTROL + 8, true) === SOL_SOCKET &&
      view.getInt32(CONTROL + 12, true) === SCM_RIGHTS;
    return carries ? view.getInt32(CONTROL + 16, true) : undefined;
  } finally {
    native.free(base);
  }
}
