/** The owner's UNIX socket: binding it is the lock on the machine, and its lines are the other commands' requests. */
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder } from '../durable/index.js';
import { ByteLines } from '../lines/index.js';
import { OpenslotError } from '../pci/index.js';
import { LONGEST_LINE, type NotAnswering, type OwnerRequests } from './requests.js';
import { fitsSocket, LONGEST_SOCKET_PATH } from './socket-path.js';

/** Another process owns the machine. */
export class OwnerRunningError extends OpenslotError {
  readonly code = 'OWNER_RUNNING';
  constructor(machine: string, socket: string) {
    super(
      `the machine ${machine} has an owner already: a process listens at ${socket}`,
      { machine, socket },
      machine === 'linux'
        ? 'stop it (Ctrl-C in its terminal) and start again; or see its pool: openslot list'
        : 'write OPENSLOT_RUNTIME_DIR=/another/folder before the command for a second machine beside it, or stop it' +
            ' (Ctrl-C in its terminal) and start again',
    );
  }
}

/** The directory of the owners' sockets and journals cannot be used. */
export class RuntimeDirectoryError extends OpenslotError {
  readonly code = 'RUNTIME_DIRECTORY';
  constructor(path: string, errno: string, options?: ErrorOptions) {
    const isTooLong = errno === 'ENAMETOOLONG';
    super(
      `${path} cannot be used: ${errno}${isTooLong ? `: the path of a socket in it has more than ${LONGEST_SOCKET_PATH} bytes` : ''}`,
      { path, errno },
      isTooLong
        ? 'use a folder with a shorter path; OPENSLOT_RUNTIME_DIR names one for this host'
        : 'run the command as root, or name a directory of your own in OPENSLOT_RUNTIME_DIR',
      options,
    );
  }
}

export class OwnerSocket implements AsyncDisposable {
  readonly #server = createServer();
  readonly #clients = new Set<Socket>();
  #requests: OwnerRequests | NotAnswering = 'not yet';

  private constructor() {
    this.#server.on('connection', (client) => {
      this.#clients.add(client);
      client.on('error', () => undefined);
      client.on('close', () => this.#clients.delete(client));
      // Whatever went wrong with one client is no other one's business, and no end of the owner.
      answerLines(client, () => this.#requests).catch(() => client.destroy());
    });
  }

  /**
   * Becomes the owner: binding the name is the lock, and only one process can. A socket that a dead owner left is
   * cleared away, by one process at a time. @throws {OwnerRunningError | RuntimeDirectoryError}
   */
  static async bind(machine: string, path: string): Promise<OwnerSocket> {
    if (!fitsSocket(path)) throw new RuntimeDirectoryError(dirname(path), 'ENAMETOOLONG');
    try {
      makeFolder(dirname(path), 0o700);
      const socket = new OwnerSocket();
      await using _turn = await takeTurn(path);
      if (await answers(path)) throw new OwnerRunningError(machine, path);
      rmSync(path, { force: true });
      await listen(socket.#server, path);
      return socket;
    } catch (cause) {
      if (cause instanceof OpenslotError) throw cause;
      throw new RuntimeDirectoryError(dirname(path), (cause as NodeJS.ErrnoException).code ?? String(cause), {
        cause,
      });
    }
  }

  /**
   * Becomes the owner as soon as nobody else is, however the present one ends: the kernel closes its connections with it.
   * @param onWaiting told once, when there is one.
   * @returns undefined when `signal` ended the wait. @throws {RuntimeDirectoryError}
   */
  static async bindAfter(
    machine: string,
    path: string,
    onWaiting: () => void,
    signal: AbortSignal,
  ): Promise<OwnerSocket | undefined> {
    for (let waited = false; !signal.aborted; waited = true) {
      try {
        return await OwnerSocket.bind(machine, path);
      } catch (error) {
        if (!(error instanceof OwnerRunningError)) throw error;
        if (!waited) onWaiting();
        await ended(path, signal);
      }
    }
    return undefined;
  }

  /**
   * Begins to answer. Until then, as in a command that is the owner only for its own duration, clients are told so.
   * Disposing of what is returned ends it: what `requests` works with can go, and no further one begins.
   */
  serve(requests: OwnerRequests): Disposable {
    this.#requests = requests;
    return {
      [Symbol.dispose]: () => {
        this.#requests = 'no more';
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

/** True when a live process accepts connections there. @throws errno errors that say neither yes nor no. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ECONNREFUSED' || cause.code === 'ENOENT' || cause.code === 'ENOTSOCK')
        resolve(false);
      else reject(cause);
    });
  });
}

/** Settles when the process that listens there has ended, or does not listen any more; and at the signal. */
function ended(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const waiting = connect({ path, signal });
    // It says nothing, and nobody answers.
    waiting.resume();
    waiting.on('error', () => undefined);
    waiting.once('close', () => {
      resolve();
    });
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The name is bound inside listen: nobody else may connect even for a moment.
    const mask = process.umask(0o177);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
    process.umask(mask);
  });
}

const MOST_TURNS = 200;
const TURN_MS = 10;

/**
 * Looking whether an owner lives, clearing its socket away and binding the name again are one step for all processes:
 * whoever holds an abstract socket of the name's own may do it. The kernel frees it with the process (unix(7)).
 */
async function takeTurn(path: string): Promise<AsyncDisposable> {
  const name = `\0openslot:${path}`;
  for (let turn = 1; ; turn++) {
    const server = createServer();
    try {
      await listen(server, name);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE' || turn === MOST_TURNS) throw cause;
      await sleep(TURN_MS);
      continue;
    }
    return {
      [Symbol.asyncDispose]: () =>
        new Promise((resolve) => {
          server.close(() => {
            resolve();
          });
        }),
    };
  }
}

/**
 * One request after the other: a claim must not overtake a release that was asked before it. While one is being
 * answered, and while its answer is not taken, nothing is read: what a client asks at once waits with the client.
 */
async function answerLines(client: Socket, requests: () => OwnerRequests | NotAnswering): Promise<void> {
  const lines = new ByteLines(LONGEST_LINE);
  for await (const bytes of client.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    for (const line of lines.push(bytes)) {
      // Loaded at the first line: a command that only asks another owner needs no schemas.
      const { answerLine } = await import('./request-lines.js');
      const answer = await answerLine(line, requests());
      if (!client.write(`${JSON.stringify(answer)}\n`)) await taken(client);
      if (client.destroyed) return;
    }
    if (lines.tooLong) client.destroy();
  }
}

/** Settles when the client has taken what was written to it, or is gone. */
function taken(client: Socket): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      client.off('drain', settle);
      client.off('close', settle);
      resolve();
    };
    client.on('drain', settle);
    client.on('close', settle);
    if (client.closed) settle();
  });
}
