/** The server's UNIX socket: for its owner only, and never taken from a server that lives. */
import { lstatSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { XenStoreListenError } from '../errors.js';
import { SocketTransport } from '../socket.js';
import type { ServedTransport } from '../transport.js';

export class Listener {
  readonly path: string;
  readonly #server: Server;

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
  }

  /**
   * Binds the path with mode 0600 and gives each client to `onClient`. A socket that a dead server left is cleared away.
   * @throws {XenStoreListenError}
   */
  static async bind(path: string, onClient: (transport: ServedTransport) => void): Promise<Listener> {
    const server = createServer((socket) => {
      onClient(new SocketTransport(path, socket));
    });
    try {
      if (await isAlive(path)) throw new XenStoreListenError(path, 'EADDRINUSE');
      if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
      await listen(server, path);
    } catch (cause) {
      if (cause instanceof XenStoreListenError) throw cause;
      throw new XenStoreListenError(path, (cause as NodeJS.ErrnoException).code ?? String(cause), { cause });
    }
    return new Listener(path, server);
  }

  /** No client any more; those that are connected stay. The socket's name goes. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe: Socket = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ECONNREFUSED' || cause.code === 'ENOENT') resolve(false);
      else reject(cause);
    });
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The name is bound inside listen: nobody else may connect even for a moment.
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}
