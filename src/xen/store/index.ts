/**
 * XenStore: wire codec, client and server, and how to wait for others there. May know the PCI errors, domain ids and
 * Node's sockets; no native code, no other room.
 */
export { awaitChange } from './await-change.js';
export { XenStoreClient } from './client.js';
export type { XenStoreClientOptions } from './client.js';
export { connectSocket } from './connect.js';
export type { ConnectSocketOptions } from './connect.js';
export { removeWithEmptyParents } from './empty-parents.js';
export {
  XenStoreClosedError,
  XenStoreContendedError,
  XenStoreError,
  XenStoreListenError,
  XenStoreProtocolError,
  XenStoreRefusedError,
  XenStoreUnreachableError,
} from './errors.js';
export { Follower } from './follower.js';
export { memoryPair } from './memory-transport.js';
export type { MemoryPairOptions } from './memory-transport.js';
export {
  homePath,
  INTRODUCE_DOMAIN,
  isAtOrBelow,
  isPath,
  joinPath,
  leafName,
  MAX_ABSOLUTE_PATH,
  MAX_RELATIVE_PATH,
  parentPath,
  pathFault,
  RELEASE_DOMAIN,
} from './paths.js';
export { formatPermission, formatPermissions, parsePermission, parsePermissions } from './permissions.js';
export type { Access, Permission } from './permissions.js';
export { MAX_WAITING, RingTransport } from './ring.js';
export type { RingOptions } from './ring.js';
export { DEFAULT_QUOTAS, StoreServer } from './server/index.js';
export type {
  ListedNode,
  Quotas,
  StoreConnectOptions,
  StoreHypervisor,
  StoreServerOptions,
} from './server/index.js';
export { openSocket, socketPaths, SocketTransport } from './socket.js';
export { discard, Discarded } from './store.js';
export type { StoreView, Watch, WatchListener, XenStore } from './store.js';
export type { ServedTransport, StoreTransport, TransportHandlers } from './transport.js';
export { Wakeups } from './wakeups.js';
export {
  decodeStrings,
  decodeText,
  encodeMessage,
  encodeStrings,
  encodeText,
  HEADER_SIZE,
  MAX_PAYLOAD,
  MessageDecoder,
  messageName,
  MessageType,
} from './wire.js';
export type { Message, MessageName } from './wire.js';
