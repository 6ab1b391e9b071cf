/** The transport over xenstored's UNIX socket, as tools in dom0 reach it. */
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { XenStoreUnreachableError } from './errors.js';
import type { Attempt } from './errors.js';
import type { ServedTransport, StoreTransport, TransportHandlers } from './transport.js';
import { MAX_PAYLOAD } from './wire.js';

const DEFAULT_PATHS: readonly string[] = ['/run/xenstored/socket', '/var/run/xenstored/socket'];

/** How often a busy server is called, and the milliseconds between; about two seconds in all. */
const MOST_ATTEMPTS = 200;
const PAUSE = 10;

/** Where the socket may be: `XENSTORED_PATH` alone when it is set, as for Xen's own tools, else the usual places. */
export function socketPaths(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const chosen = environment['XENSTORED_PATH'];
  return chosen === undefined || chosen === '' ? DEFAULT_PATHS : [chosen];
}

/** Connects to the first of `paths` that answers. @throws {XenStoreUnreachableError} none does; each with its errno. */
export async function openSocket(paths: readonly string[] = socketPaths()): Promise<StoreTransport> {
  const attempts: Attempt[] = [];
  let cause: unknown;
  for (const path of paths) {
    try {
      return new SocketTransport(path, await connect(path));
    } catch (error) {
      cause = error;
      attempts.push({ path, errno: errnoOf(error) });
    }
  }
  throw new XenStoreUnreachableError(attempts, cause);
}

/** A server that does not keep up with its callers turns them away for the moment: xenstored lets two wait. */
async function connect(path: string): Promise<Socket> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dial(path);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN' || attempt === MOST_ATTEMPTS) throw error;
      await sleep(PAUSE);
    }
  }
}

function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}

/** Any connected stream socket as a transport; a server may use it for its end, too. */
export class SocketTransport implements ServedTransport {
  readonly name: string;
  readonly maxPayload = MAX_PAYLOAD;
  readonly #socket: Socket;
  #error: Error | undefined;
  #handlers: TransportHandlers | undefined;
  /** Some of what was sent had to wait. */
  #behind = false;

  constructor(name: string, socket: Socket) {
    this.name = name;
    this.#socket = socket;
    // Without a listener an error that comes before start() would end the process.
    socket.on('error', (error) => {
      this.#error = error;
    });
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  start(handlers: TransportHandlers): void {
    this.#handlers = handlers;
    const end = (): void => {
      handlers.end(this.#error);
    };
    if (this.#socket.closed) {
      setImmediate(end);
      return;
    }
    // A paused socket holds its data back until the first listener, so none is lost.
    this.#socket.on('data', (bytes) => {
      handlers.data(bytes);
    });
    this.#socket.once('close', end);
  }

  send(bytes: Uint8Array): void {
    if (!this.#socket.writable) return;
    this.#socket.write(bytes, this.#written);
    if (this.#socket.writableLength > 0) this.#behind = true;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  reject(): void {
    this.close();
  }

  close(): void {
    this.#socket.destroy();
  }

  readonly #written = (): void => {
    if (!this.#behind || this.#socket.writableLength > 0 || this.#socket.destroyed) return;
    this.#behind = false;
    this.#handlers?.drained?.();
  };
}
