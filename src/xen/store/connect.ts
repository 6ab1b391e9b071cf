/** From nothing to a connected store: the client over xenstored's socket. */
import { XenStoreClient } from './client.js';
import type { XenStoreClientOptions } from './client.js';
import { openSocket, socketPaths } from './socket.js';

/** Options of {@link connectSocket}. */
export interface ConnectSocketOptions extends XenStoreClientOptions {
  /** Where to try, in order; {@link socketPaths} when absent. */
  readonly paths?: readonly string[];
}

/** A client over the first socket that answers. @throws {XenStoreUnreachableError} none does. */
export async function connectSocket(options: ConnectSocketOptions = {}): Promise<XenStoreClient> {
  const { paths = socketPaths(), ...client } = options;
  return new XenStoreClient(await openSocket(paths), client);
}
