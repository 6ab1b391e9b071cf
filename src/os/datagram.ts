/** One datagram to a UNIX socket, which Node's sockets cannot send. */
import { closeSync } from 'node:fs';
import { SystemCallError } from './errors.js';
import { lastErrno, systemLibrary, type NativeFunction } from './library.js';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** Bytes of a path in struct sockaddr_un (unix(7)). */
const LONGEST_PATH = 108;

let calls: { readonly socket: NativeFunction; readonly sendto: NativeFunction } | undefined;

/**
 * Sends the text as UTF-8. A name that begins with `@` is one of the abstract namespace.
 * @throws {SystemCallError | NativeUnavailableError} nobody is bound to the name, or it is too long for one.
 */
export function sendDatagram(name: string, text: string): void {
  const address = addressOf(name);
  if (address === undefined) throw new SystemCallError('sendto', name, 'ENAMETOOLONG');
  calls ??= {
    socket: systemLibrary().bind('int socket(int domain, int type, int protocol)'),
    sendto: systemLibrary().bind(
      'int64_t sendto(int fd, void *data, size_t length, int flags, void *address, uint32_t addressLength)',
    ),
  };
  const fd = calls.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (typeof fd !== 'number' || fd < 0) throw new SystemCallError('socket', name, lastErrno());
  try {
    const data = Buffer.from(text, 'utf8');
    const sent = calls.sendto(fd, data, data.length, MSG_NOSIGNAL, address, address.length);
    if (Number(sent) < 0) throw new SystemCallError('sendto', name, lastErrno());
  } finally {
    closeSync(fd);
  }
}

/** struct sockaddr_un { u16 family; char path[108] }; its length says where the name ends. */
function addressOf(name: string): Uint8Array | undefined {
  const abstract = name.startsWith('@');
  const path = Buffer.from(abstract ? `\0${name.slice(1)}` : `${name}\0`, 'utf8');
  if (path.length > LONGEST_PATH) return undefined;
  const address = new Uint8Array(2 + path.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(path, 2);
  return address;
}
