/** One client of the server: its requests in order, its watches and transactions, and what it is still to be sent. */
import { XenStoreProtocolError } from '../errors.js';
import type { ServedTransport } from '../transport.js';
import { decodeText, MAX_PAYLOAD, MessageDecoder, MessageType, type Message } from '../wire.js';
import type { Domain } from './domains.js';
import { MAX_UNREAD, Outgoing } from './outgoing.js';
import { E2BIG, Refusal } from './refusal.js';
import { answer } from './requests.js';
import type { Store } from './store.js';
import type { Transaction } from './transaction.js';
import type { Watch } from './watches.js';

/** Bytes that a privileged client may leave unread before nothing more is read from it. */
const PATIENCE = 1 << 16;

export class Connection {
  readonly domain: Domain;
  readonly transactions = new Map<number, Transaction>();
  /** By name and token. */
  readonly watches = new Map<string, Watch<Connection>>();
  /** Before the first transaction; numbers come round after 2^32 of them. */
  lastTransaction = 0;
  readonly #store: Store;
  readonly #transport: ServedTransport;
  readonly #onEnd: () => void;
  readonly #outgoing: Outgoing;
  #decoder = new MessageDecoder();
  /** Requests of the last chunk that came while the client did not read. */
  #backlog: Message[] = [];
  #paused = false;
  #ended = false;

  constructor(store: Store, transport: ServedTransport, domain: Domain, onEnd: () => void) {
    this.domain = domain;
    this.#store = store;
    this.#transport = transport;
    this.#onEnd = onEnd;
    this.#outgoing = new Outgoing(transport);
  }

  start(): void {
    this.#transport.start({
      data: (bytes) => {
        this.#receive(bytes);
      },
      end: () => {
        this.#end();
      },
      drained: () => {
        this.#goOn();
      },
      reset: () => {
        this.reset();
      },
    });
  }

  /** Drops its watches and transactions; at once, not when the transport has ended. */
  close(): void {
    this.#end();
    this.#transport.close();
  }

  event(watch: Watch<Connection>, name: string): void {
    if (this.#ended) return;
    const path = watch.prefix === '' ? name : name.slice(watch.prefix.length);
    if (path.length + watch.token.length + 2 > MAX_PAYLOAD) return;
    this.#outgoing.event(path, watch.token);
    if (this.#outgoing.unread > MAX_UNREAD) this.close();
    else this.#store.waiting.add(this);
  }

  reply(message: Message, type: number, payload: string): void {
    if (this.#ended) return;
    this.#outgoing.reply(type, message.requestId, message.transactionId, payload);
    this.#store.waiting.add(this);
  }

  /** Called at the end of each turn in which there was something for it. */
  flush(): void {
    if (this.#ended) return;
    this.#outgoing.flush();
    if (!this.#paused && this.#isBehind) {
      this.#paused = true;
      this.#transport.pause();
    }
  }

  removeWatch(key: string, watch: Watch<Connection>): void {
    this.watches.delete(key);
    this.#store.watches.remove(watch);
    this.domain.watches--;
    this.domain.memory -= watch.name.length + watch.token.length;
  }

  /** Drops all watches and transactions. */
  dropAll(): void {
    for (const [key, watch] of this.watches) this.removeWatch(key, watch);
    for (const transaction of this.transactions.values()) transaction.close();
    this.transactions.clear();
  }

  /** The client begins anew. */
  reset(): void {
    this.dropAll();
    this.#decoder = new MessageDecoder();
    this.#backlog = [];
    this.#outgoing.clear();
    this.#goOn();
  }

  /** Replies that the client has not taken. */
  get outstanding(): number {
    return this.#outgoing.replies;
  }

  get #isBehind(): boolean {
    if (this.#outgoing.idle) return false;
    if (this.domain.privileged) return this.#outgoing.unread > PATIENCE;
    return this.#outgoing.replies >= this.#store.quotas.outstanding;
  }

  #receive(bytes: Uint8Array): void {
    if (this.#ended) return;
    try {
      this.#decoder.push(bytes, (message) => {
        if (this.#paused) this.#backlog.push(message);
        else this.#handle(message);
      });
    } catch (error) {
      if (!(error instanceof XenStoreProtocolError)) throw error;
      // As xenstored: who breaks the protocol is cut off, and nobody else notices.
      this.#end();
      this.#transport.reject();
    }
    this.#store.flush();
  }

  #handle(message: Message): void {
    if (this.#ended) return;
    this.#store.onRequest?.(message, this.domain.id);
    const text = decodeText(message.payload);
    const reply = answer(this.#store, this, message, text);
    if (reply === undefined) return;
    if (reply instanceof Refusal) this.reply(message, MessageType.ERROR, reply.payload);
    else if (reply.length > MAX_PAYLOAD) this.reply(message, MessageType.ERROR, E2BIG.payload);
    else this.reply(message, message.type, reply);
    // A client that asks without reading would fill memory within one chunk.
    if (this.#isBehind) this.flush();
  }

  #goOn(): void {
    if (this.#ended) return;
    this.flush();
    if (!this.#paused || this.#isBehind) return;
    this.#paused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const message of backlog) {
      if (this.#paused) this.#backlog.push(message);
      else this.#handle(message);
    }
    if (!this.#paused) this.#transport.resume();
    this.#store.flush();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#backlog = [];
    this.dropAll();
    this.#onEnd();
  }
}
