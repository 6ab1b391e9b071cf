/** One connection to a store: requests under way, their replies by number, and the one end that all of them meet. */
import { XenStoreClosedError, XenStoreProtocolError, XenStoreRefusedError } from './errors.js';
import type { Operation, XenStoreError } from './errors.js';
import type { StoreTransport } from './transport.js';
import { decodeStrings, encodeMessage, MessageDecoder, messageName, MessageType } from './wire.js';
import type { Message, MessageName } from './wire.js';

/**
 * Requests under way at once when nothing else is said: below the quota of 20 that xenstored gives an unprivileged domain.
 */
const DEFAULT_IN_FLIGHT = 16;

/** A request before it has a number. */
export interface Request {
  readonly type: MessageName;
  /** For texts only. */
  readonly path?: string;
  readonly transactionId: number;
  readonly payload: Uint8Array;
}

interface Pending {
  readonly request: Request;
  resolve(payload: Uint8Array): void;
  reject(error: XenStoreError): void;
}

export interface ConnectionOptions {
  readonly maxInFlight?: number;
  /** A watch event with its path and token. */
  readonly onEvent: (path: string, token: string) => void;
}

/** How a connection came to its end. */
interface End {
  readonly by: 'server' | 'client';
  readonly detail: string;
  readonly cause?: unknown;
}

/** Owns a transport from its start to its end. */
export class StoreConnection {
  readonly closed: Promise<XenStoreError | undefined>;
  readonly #transport: StoreTransport;
  readonly #decoder = new MessageDecoder();
  readonly #maxInFlight: number;
  readonly #onEvent: ConnectionOptions['onEvent'];
  /** In the order of sending, by request id. */
  readonly #inFlight = new Map<number, Pending>();
  readonly #waiting: Pending[] = [];
  #lastId = 0;
  /** Set from the moment on that nothing more is sent or understood. */
  #end: End | undefined;
  #settleClosed: (error: XenStoreError | undefined) => void = () => undefined;

  constructor(transport: StoreTransport, options: ConnectionOptions) {
    this.#transport = transport;
    this.#maxInFlight = Math.max(1, options.maxInFlight ?? DEFAULT_IN_FLIGHT);
    this.#onEvent = options.onEvent;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    transport.start({
      data: (bytes) => {
        this.#receive(bytes);
      },
      end: (error) => {
        this.#transportEnded(error);
      },
    });
  }

  /**
   * Sends a request, or queues it while enough are under way, and gives the reply's payload.
   * @throws {XenStoreRefusedError} the store answered ERROR, or the payload is too long to be sent (E2BIG).
   * @throws {XenStoreClosedError}
   */
  request(request: Request): Promise<Uint8Array> {
    const limit = this.#transport.maxPayload;
    if (request.payload.length > limit) {
      const reason = `${request.payload.length} bytes of path and value, more than ${limit}`;
      return Promise.reject(
        new XenStoreRefusedError(operationOf(request), 'E2BIG', { by: 'client', reason }),
      );
    }
    return new Promise((resolve, reject) => {
      const pending: Pending = { request, resolve, reject };
      if (this.#end !== undefined) {
        reject(this.#closedError(pending));
        return;
      }
      this.#waiting.push(pending);
      this.#sendWaiting();
    });
  }

  /** Ends the connection over something in a reply that is not the protocol. The error is for the caller to throw. */
  fail(error: XenStoreProtocolError): XenStoreProtocolError {
    if (this.#finish({ by: 'server', detail: error.message, cause: error })) {
      this.#settleClosed(error);
      this.#transport.close();
    }
    return error;
  }

  /** What is under way is rejected at once; the result settles when the transport has ended. */
  async close(): Promise<void> {
    this.#finish({ by: 'client', detail: 'closed' });
    this.#transport.close();
    await this.closed;
  }

  #sendWaiting(): void {
    while (this.#inFlight.size < this.#maxInFlight) {
      const pending = this.#waiting.shift();
      if (pending === undefined) return;
      const requestId = this.#nextId();
      this.#inFlight.set(requestId, pending);
      const { type, transactionId, payload } = pending.request;
      this.#transport.send(encodeMessage({ type: MessageType[type], requestId, transactionId, payload }));
    }
  }

  // Never 0, which is what events carry, and never one that is still under way when the numbers come round again.
  #nextId(): number {
    do {
      this.#lastId = this.#lastId === 0xffff_ffff ? 1 : this.#lastId + 1;
    } while (this.#inFlight.has(this.#lastId));
    return this.#lastId;
  }

  #receive(bytes: Uint8Array): void {
    if (this.#end !== undefined) return;
    try {
      this.#decoder.push(bytes, (message) => {
        this.#take(message);
      });
    } catch (error) {
      if (!(error instanceof XenStoreProtocolError)) throw error;
      this.fail(error);
    }
  }

  #take(message: Message): void {
    // The rest of a chunk after its connection was given up.
    if (this.#end !== undefined) return;
    if (message.type === MessageType.WATCH_EVENT) {
      const [path, token, ...rest] = decodeStrings(message.payload) ?? [];
      if (path === undefined || token === undefined || rest.length > 0) {
        throw new XenStoreProtocolError('a watch event that is not a path and a token');
      }
      this.#onEvent(path, token);
      return;
    }
    const id = this.#requestOf(message);
    const pending = id === undefined ? undefined : this.#inFlight.get(id);
    if (id === undefined || pending === undefined) {
      throw new XenStoreProtocolError('a reply to nothing that was asked', {
        type: messageName(message.type),
        requestId: message.requestId,
      });
    }
    const asked = pending.request.type;
    const errno = message.type === MessageType.ERROR ? errnoIn(message.payload) : undefined;
    if (errno === undefined && message.type !== MessageType[asked]) {
      throw new XenStoreProtocolError('a reply of another type than its request', {
        asked,
        replied: messageName(message.type),
      });
    }
    this.#inFlight.delete(id);
    if (errno === undefined) pending.resolve(message.payload);
    else pending.reject(new XenStoreRefusedError(operationOf(pending.request), errno, { by: 'server' }));
    this.#sendWaiting();
  }

  // Linux answers WATCH and UNWATCH on /dev/xen/xenbus itself and leaves the request id 0 when they succeed
  // (drivers/xen/xenbus/xenbus_dev_frontend.c); it does so in order, so such a reply is for the oldest of its type.
  #requestOf({ requestId, type }: Message): number | undefined {
    if (requestId !== 0 || (type !== MessageType.WATCH && type !== MessageType.UNWATCH)) return requestId;
    for (const [id, { request }] of this.#inFlight) {
      if (MessageType[request.type] === type) return id;
    }
    return undefined;
  }

  #transportEnded(error: Error | undefined): void {
    const held = this.#decoder.buffered;
    const detail =
      error?.message ?? (held === 0 ? 'the other end closed it' : `cut after ${held} bytes of a message`);
    this.#finish({ by: 'server', detail, cause: error });
    const { by, detail: why, cause } = this.#end ?? { by: 'server', detail };
    // Settled before when the protocol was broken; the first one counts.
    this.#settleClosed(by === 'client' ? undefined : new XenStoreClosedError(by, why, undefined, cause));
  }

  // The first end is the one that everybody is told.
  #finish(end: End): boolean {
    if (this.#end !== undefined) return false;
    this.#end = end;
    const lost = [...this.#inFlight.values(), ...this.#waiting];
    this.#inFlight.clear();
    this.#waiting.length = 0;
    for (const pending of lost) pending.reject(this.#closedError(pending));
    return true;
  }

  #closedError(pending: Pending): XenStoreClosedError {
    const { by, detail, cause } = this.#end ?? { by: 'client', detail: 'closed' };
    return new XenStoreClosedError(by, detail, operationOf(pending.request), cause);
  }
}

function operationOf({ type, path }: Request): Operation {
  return path === undefined ? { name: type } : { name: type, path };
}

function errnoIn(payload: Uint8Array): string {
  const [name, ...rest] = decodeStrings(payload) ?? [];
  if (name === undefined || rest.length > 0 || !/^E[A-Z0-9]{1,30}$/.test(name)) {
    throw new XenStoreProtocolError('an error that is no errno name');
  }
  return name;
}
