/** The owner's UNIX socket: binding it is the lock on the machine, and its lines are the other commands' requests. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { notations, OpenslotError } from '../pci/index.js';
import { LONGEST_LINE, type AnswerLine, type OwnerRequests, type WireError } from './requests.js';

/** Answers that a client does not read; beyond it the client is cut off. */
const MOST_UNREAD_BYTES = 1024 * 1024;

/** Another process owns the machine. */
export class OwnerRunningError extends OpenslotError {
  readonly code = 'OWNER_RUNNING';
  constructor(machine: string, socket: string) {
    super(
      `the machine ${machine} has an owner already: a process listens at ${socket}`,
      { machine, socket },
      'use openslot list to see its pool, or stop it (Ctrl-C in its terminal) and start again',
    );
  }
}

/** The directory of the owners' sockets and journals cannot be used. */
export class RuntimeDirectoryError extends OpenslotError {
  readonly code = 'RUNTIME_DIRECTORY';
  constructor(path: string, errno: string, options?: ErrorOptions) {
    super(
      `${path} cannot be used: ${errno}`,
      { path, errno },
      'run the command as root, or name a directory of your own in OPENSLOT_RUNTIME_DIR',
      options,
    );
  }
}

export class OwnerSocket implements AsyncDisposable {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Becomes the owner. A socket that a dead owner left is taken over.
   * @throws {OwnerRunningError | OpenslotError}
   */
  static async bind(machine: string, path: string): Promise<OwnerSocket> {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      if (await answers(path)) throw new OwnerRunningError(machine, path);
      rmSync(path, { force: true });
    } catch (cause) {
      if (cause instanceof OpenslotError) throw cause;
      throw new RuntimeDirectoryError(dirname(path), (cause as NodeJS.ErrnoException).code ?? 'unknown', {
        cause,
      });
    }
    const server = createServer();
    const socket = new OwnerSocket(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        reject(
          cause.code === 'EADDRINUSE'
            ? new OwnerRunningError(machine, path)
            : new RuntimeDirectoryError(dirname(path), cause.code ?? 'unknown', { cause }),
        );
      });
      // The name is bound inside listen: nobody else may connect even for a moment.
      const mask = process.umask(0o177);
      server.listen(path, resolve);
      process.umask(mask);
    });
    chmodSync(path, 0o600);
    return socket;
  }

  /** Begins to answer; a command that became the owner only for its own duration never does. */
  serve(requests: OwnerRequests): void {
    this.#server.on('connection', (client) => {
      this.#clients.add(client);
      client.on('error', () => undefined);
      client.on('close', () => this.#clients.delete(client));
      answerLines(client, requests);
    });
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

/** True when a live process accepts connections there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => {
      resolve(false);
    });
  });
}

/** One request after the other: a claim must not overtake a release that was asked before it. */
function answerLines(client: Socket, requests: OwnerRequests): void {
  let unfinished = 0;
  client.on('data', (bytes: Buffer) => {
    const newline = bytes.lastIndexOf(10);
    unfinished = newline < 0 ? unfinished + bytes.length : bytes.length - newline - 1;
    if (unfinished > LONGEST_LINE) client.destroy();
  });
  let last: Promise<void> = Promise.resolve();
  const lines = createInterface({ input: client, crlfDelay: Infinity });
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    last = last.then(async () => {
      if (client.destroyed) return;
      const answer = await answerLine(line, requests);
      if (client.writableLength > MOST_UNREAD_BYTES) client.destroy();
      else client.write(`${JSON.stringify(answer)}\n`);
    });
  });
}

async function answerLine(line: string, requests: OwnerRequests): Promise<AnswerLine> {
  let id = 0;
  try {
    const parsed = parseRequest(line);
    id = parsed.id;
    if (parsed.request === 'pool') return { id, result: requests.pool() };
    return { id, result: await requests[parsed.request](notations.hex.parse(parsed.address)) };
  } catch (error) {
    return { id, error: wireError(error) };
  }
}

type Request =
  | { readonly id: number; readonly request: 'pool' }
  | { readonly id: number; readonly request: 'claim' | 'release'; readonly address: string };

/** A line is no request of this protocol. */
class MalformedRequestError extends OpenslotError {
  readonly code = 'REQUEST_MALFORMED';
  constructor(why: string) {
    super(`the line is no request: ${why}`, { why }, 'send {"id": 1, "request": "pool"}');
  }
}

function parseRequest(line: string): Request {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new MalformedRequestError('it is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) throw new MalformedRequestError('it is no object');
  const { id, request, address } = parsed as Record<string, unknown>;
  if (typeof id !== 'number') throw new MalformedRequestError('"id" must be a number');
  if (request === 'pool') return { id, request };
  if (request !== 'claim' && request !== 'release')
    throw new MalformedRequestError('"request" must be pool, claim or release');
  if (typeof address !== 'string') throw new MalformedRequestError('"address" must be a string');
  return { id, request, address };
}

function wireError(error: unknown): WireError {
  if (error instanceof OpenslotError) return error.toJSON();
  return {
    code: 'INTERNAL',
    message: error instanceof Error ? error.message : String(error),
    evidence: {},
    next: '',
  };
}
