/** What one client is still to be sent: whole messages in order, equal events that wait only once, and never too much. */
import type { ServedTransport } from '../transport.js';
import { HEADER_SIZE, MessageType } from '../wire.js';

/** Bytes that may wait for a client that does not read; with more it is cut off. */
export const MAX_UNREAD = 1 << 20;
/** With so many bytes that the transport has not passed on it is given no more. */
const HANDED_OVER = 1 << 16;

interface Waiting {
  readonly type: number;
  readonly requestId: number;
  readonly transactionId: number;
  readonly payload: string;
}

export class Outgoing {
  readonly #transport: ServedTransport;
  #waiting: Waiting[] = [];
  #bytes = 0;
  /** Payloads of the events that wait. */
  readonly #events = new Set<string>();
  #replies = 0;

  constructor(transport: ServedTransport) {
    this.#transport = transport;
  }

  /** True when the client has been given everything that there was for it. */
  get idle(): boolean {
    return this.#waiting.length === 0 && this.#transport.unsent === 0;
  }

  /** Replies since the client was last idle. */
  get replies(): number {
    return this.#replies;
  }

  get unread(): number {
    return this.#bytes + this.#transport.unsent;
  }

  reply(type: number, requestId: number, transactionId: number, payload: string): void {
    this.#replies++;
    this.#push({ type, requestId, transactionId, payload });
  }

  /**
   * An event that is the same as one that waits is dropped: it says no more than that one, which xenstored sees the
   * same way. Those of the special names are all sent.
   */
  event(path: string, token: string): void {
    const payload = `${path}\0${token}\0`;
    if (!path.startsWith('@')) {
      if (this.#events.has(payload)) return;
      this.#events.add(payload);
    }
    this.#push({ type: MessageType.WATCH_EVENT, requestId: 0, transactionId: 0, payload });
  }

  /** Hands over what the transport may have now. */
  flush(): void {
    if (this.#waiting.length > 0 && this.#transport.unsent < HANDED_OVER) {
      this.#transport.send(this.#take());
    }
    if (this.idle) this.#replies = 0;
  }

  /** Forgets what was not handed over. */
  clear(): void {
    this.#waiting = [];
    this.#bytes = 0;
    this.#events.clear();
    this.#replies = 0;
  }

  #push(message: Waiting): void {
    this.#bytes += HEADER_SIZE + message.payload.length;
    this.#waiting.push(message);
  }

  #take(): Uint8Array {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#events.clear();
    const bytes = Buffer.allocUnsafe(this.#bytes);
    this.#bytes = 0;
    let at = 0;
    for (const { type, requestId, transactionId, payload } of taken) {
      at = bytes.writeUInt32LE(type, at);
      at = bytes.writeUInt32LE(requestId, at);
      at = bytes.writeUInt32LE(transactionId, at);
      at = bytes.writeUInt32LE(payload.length, at);
      at += bytes.write(payload, at, 'latin1');
    }
    return bytes;
  }
}
