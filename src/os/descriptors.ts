/** Descriptors that processes pass to each other over a connected socket (SCM_RIGHTS, unix(7)). */
import { constants } from 'node:os';
import { SystemCallError } from './errors.js';
import { koffi, lastErrno, systemLibrary, type NativeFunction } from './library.js';

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;

/** struct msghdr of a 64-bit machine: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48. */
const MESSAGE = { vectors: 16, vectorCount: 24, control: 32, controlLength: 40 } as const;
/** Where the parts of one message stand in the memory that it is made in: struct iovec { void *base; size_t length; } … */
const VECTOR = 64;
/** … struct cmsghdr { size_t length; int level; int type; } with one descriptor behind it, and the data. */
const CONTROL = 128;
const CONTROL_LENGTH = 20;
const CONTROL_SPACE = 24;
const DATA = 256;
const ARENA_BYTES = 4096;

interface Arena {
  readonly base: bigint;
  readonly view: DataView;
  readonly sendmsg: NativeFunction;
  readonly recvmsg: NativeFunction;
}

let arena: Arena | undefined;

/** With a message of so many bytes of data and, where that is said, room for a descriptor; the rest is zero. */
function message(bytes: number, control: boolean): Arena {
  arena ??= makeArena();
  const { base, view } = arena;
  for (let at = 0; at < DATA; at += 8) view.setBigUint64(at, 0n, true);
  view.setBigUint64(MESSAGE.vectors, base + BigInt(VECTOR), true);
  view.setBigUint64(MESSAGE.vectorCount, 1n, true);
  view.setBigUint64(VECTOR, base + BigInt(DATA), true);
  view.setBigUint64(VECTOR + 8, BigInt(bytes), true);
  if (control) {
    view.setBigUint64(MESSAGE.control, base + BigInt(CONTROL), true);
    view.setBigUint64(MESSAGE.controlLength, BigInt(CONTROL_SPACE), true);
  }
  return arena;
}

function makeArena(): Arena {
  const native = koffi('passing a descriptor');
  const base = BigInt(native.address(native.alloc('uint8_t', ARENA_BYTES)));
  return {
    base,
    view: new DataView(native.view(base, ARENA_BYTES)),
    sendmsg: systemLibrary().bind('int64_t sendmsg(int fd, uint64_t message, int flags)'),
    recvmsg: systemLibrary().bind('int64_t recvmsg(int fd, uint64_t message, int flags)'),
  };
}

/**
 * Sends a few bytes, and a descriptor with them (sendmsg(2)); whoever receives them has the same open file.
 * @throws {SystemCallError} also when the socket does not take all of it at once.
 */
export function sendDescriptor(socket: number, bytes: Uint8Array, descriptor: number | undefined): void {
  if (bytes.length > ARENA_BYTES - DATA) throw new RangeError(`${bytes.length} bytes are too many at once`);
  const { base, view, sendmsg } = message(bytes.length, descriptor !== undefined);
  for (const [index, byte] of bytes.entries()) view.setUint8(DATA + index, byte);
  if (descriptor !== undefined) {
    view.setBigUint64(CONTROL, BigInt(CONTROL_LENGTH), true);
    view.setInt32(CONTROL + 8, SOL_SOCKET, true);
    view.setInt32(CONTROL + 12, SCM_RIGHTS, true);
    view.setInt32(CONTROL + 16, descriptor, true);
  }
  const sent = sendmsg(socket, base, MSG_NOSIGNAL);
  if (Number(sent) !== bytes.length) throw new SystemCallError('sendmsg', 'a socket', lastErrno());
}

/**
 * Receives the descriptor that comes with the next byte (recvmsg(2)), closed on exec, without waiting for it.
 * @returns undefined when there is none: nothing was sent, or the other end is closed. @throws {SystemCallError}
 */
export function receiveDescriptor(socket: number): number | undefined {
  const { base, view, recvmsg } = message(1, true);
  const count = Number(recvmsg(socket, base, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
  if (count < 0) {
    if (koffi('errno').errno() === constants.errno.EAGAIN) return undefined;
    throw new SystemCallError('recvmsg', 'a socket', lastErrno());
  }
  const carries =
    view.getBigUint64(CONTROL, true) === BigInt(CONTROL_LENGTH) &&
    view.getInt32(CONTROL + 8, true) === SOL_SOCKET &&
    view.getInt32(CONTROL + 12, true) === SCM_RIGHTS;
  return carries ? view.getInt32(CONTROL + 16, true) : undefined;
}
