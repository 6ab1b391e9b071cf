/** The transport over a guest's ring page: two rings of 1024 bytes in memory that both ends change (public/io/xs_wire.h). */
import { XenStoreProtocolError, type XenStoreError } from './errors.js';
import type { ServedTransport, TransportHandlers } from './transport.js';
import { MAX_PAYLOAD } from './wire.js';

/** Bytes of each ring; a power of two. */
const RING_SIZE = 1024;
/** Bytes of the page that are used: both rings and the words behind them. */
const RING_PAGE_SIZE = 2080;
/** Bytes that may wait for the other end to make room; with more the connection ends. */
export const MAX_WAITING = 1 << 21;

/** Byte offsets of the rings. */
const [REQUESTS, REPLIES] = [0, RING_SIZE];
/** Numbers of the 32-bit words. */
const REQUEST_CONSUMER = 512;
const REQUEST_PRODUCER = 513;
const REPLY_CONSUMER = 514;
const REPLY_PRODUCER = 515;
const SERVER_FEATURES = 516;
const CONNECTION = 517;
const ERROR = 518;

/** In {@link SERVER_FEATURES}: it answers to a reconnection, and it says why it has given up. */
const [RECONNECTION, ERROR_WORD] = [1, 2];
/** In {@link CONNECTION}. */
const [CONNECTED, RECONNECT] = [0, 1];
/** In {@link ERROR}. */
const [BAD_INDEX, PROTOCOL_VIOLATION] = [2, 3];

/** What a ring is made over: the page, which end this is, and the event channel. */
export interface RingOptions {
  /**
   * The page, from its start on, at least 2080 of them and aligned to 4. Shared with the other end,
   * which may write anything at any time.
   */
  readonly bytes: Uint8Array;
  /** A guest is the client. */
  readonly role: 'client' | 'server';
  /** Wakes the other end, by its event channel. It must not run the other end's {@link RingTransport.onEvent} itself. */
  readonly notify: () => void;
  readonly name?: string;
}

/**
 * Whoever owns the event channel calls {@link onEvent} for each event. Indices run freely through all 32 bits; each is
 * read once, checked, and our own are kept here, never read back. A ring has no end: after {@link close} the other end
 * only finds that nobody answers.
 */
export class RingTransport implements ServedTransport {
  readonly name: string;
  readonly maxPayload = MAX_PAYLOAD;
  readonly #role: RingOptions['role'];
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #notify: () => void;
  readonly #in: Ring;
  readonly #out: Ring;
  readonly #received = new Uint8Array(RING_SIZE);
  #handlers: TransportHandlers | undefined;
  #waiting: Uint8Array[] = [];
  /** Of the first one that waits, bytes that are in the ring already. */
  #begun = 0;
  #unsent = 0;
  #paused = false;
  #closed = false;
  /** Inside {@link onEvent}, which notifies once at its end. */
  #inEvent = false;
  /** An event came during one. */
  #again = false;
  #moved = false;

  constructor({ bytes, role, notify, name = `ring of a ${role}` }: RingOptions) {
    if (bytes.length < RING_PAGE_SIZE) throw new RangeError(`a ring page of ${bytes.length} bytes`);
    this.name = name;
    this.#role = role;
    this.#bytes = bytes;
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, RING_PAGE_SIZE / 4);
    this.#notify = notify;
    const requests = { at: REQUESTS, producer: REQUEST_PRODUCER, consumer: REQUEST_CONSUMER };
    const replies = { at: REPLIES, producer: REPLY_PRODUCER, consumer: REPLY_CONSUMER };
    const [into, out] = role === 'server' ? [requests, replies] : [replies, requests];
    this.#in = { ...into, own: this.#load(into.consumer) };
    this.#out = { ...out, own: this.#load(out.producer) };
  }

  get unsent(): number {
    return this.#unsent;
  }

  start(handlers: TransportHandlers): void {
    this.#handlers = handlers;
    if (this.#closed) {
      this.#endSoon(undefined);
      return;
    }
    if (this.#role === 'server') {
      Atomics.store(this.#words, SERVER_FEATURES, RECONNECTION | ERROR_WORD);
      Atomics.store(this.#words, CONNECTION, CONNECTED);
      this.#notify();
    }
    this.#soon();
  }

  /** The other end has changed something. */
  onEvent(): void {
    if (this.#inEvent) this.#again = true;
    if (this.#handlers === undefined || this.#closed || this.#inEvent) return;
    this.#inEvent = true;
    try {
      const wasBehind = this.#unsent > 0;
      if (this.#role === 'server') this.#reconnect(this.#handlers);
      else this.#heedError();
      this.#receive(this.#handlers);
      this.#fill();
      if (wasBehind && this.#unsent === 0 && !this.#isClosed()) this.#handlers.drained?.();
    } finally {
      this.#tell();
      this.#inEvent = false;
      if (this.#again) this.#soon();
      this.#again = false;
    }
  }

  send(bytes: Uint8Array): void {
    if (this.#closed || bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#unsent += bytes.length;
    this.#fill();
    if (this.#unsent > MAX_WAITING) this.#fail('the other end does not read', { waiting: this.#unsent });
    else if (!this.#inEvent) this.#tell();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#soon();
  }

  reject(): void {
    if (!this.#closed) this.#say(PROTOCOL_VIOLATION);
    this.close();
  }

  close(): void {
    this.#end();
  }

  /** One pass: an end that goes on writing raises further events, and cannot keep us here. */
  #receive(handlers: TransportHandlers): void {
    if (this.#paused || this.#isClosed()) return;
    const ring = this.#in;
    const count = (this.#load(ring.producer) - ring.own) >>> 0;
    if (count === 0) return;
    if (count > RING_SIZE) {
      this.#failIndex(count);
      return;
    }
    const position = ring.own & (RING_SIZE - 1);
    const first = Math.min(count, RING_SIZE - position);
    const from = ring.at + position;
    this.#received.set(this.#bytes.subarray(from, from + first));
    this.#received.set(this.#bytes.subarray(ring.at, ring.at + count - first), first);
    ring.own = (ring.own + count) >>> 0;
    Atomics.store(this.#words, ring.consumer, ring.own | 0);
    this.#moved = true;
    handlers.data(this.#received.subarray(0, count));
  }

  /** Puts as much of what waits into the ring as there is room for. */
  #fill(): void {
    if (this.#unsent === 0 || this.#isClosed()) return;
    const ring = this.#out;
    const used = (ring.own - this.#load(ring.consumer)) >>> 0;
    if (used > RING_SIZE) {
      this.#failIndex(used);
      return;
    }
    let room = RING_SIZE - used;
    if (room === 0) return;
    let done = 0;
    for (const bytes of this.#waiting) {
      if (room === 0) break;
      const part = bytes.subarray(this.#begun, this.#begun + room);
      this.#put(part);
      room -= part.length;
      this.#unsent -= part.length;
      this.#begun += part.length;
      if (this.#begun < bytes.length) break;
      this.#begun = 0;
      done++;
    }
    this.#waiting.splice(0, done);
    Atomics.store(this.#words, ring.producer, ring.own | 0);
    this.#moved = true;
  }

  #put(part: Uint8Array): void {
    const ring = this.#out;
    const position = ring.own & (RING_SIZE - 1);
    const first = Math.min(part.length, RING_SIZE - position);
    this.#bytes.set(part.subarray(0, first), ring.at + position);
    this.#bytes.set(part.subarray(first), ring.at);
    ring.own = (ring.own + part.length) >>> 0;
  }

  /** A guest that begins anew wants both rings empty and everything of before forgotten. */
  #reconnect(handlers: TransportHandlers): void {
    if (this.#load(CONNECTION) !== RECONNECT) return;
    this.#waiting = [];
    this.#begun = 0;
    this.#unsent = 0;
    this.#in.own = 0;
    this.#out.own = 0;
    for (const word of [REQUEST_CONSUMER, REQUEST_PRODUCER, REPLY_CONSUMER, REPLY_PRODUCER]) {
      Atomics.store(this.#words, word, 0);
    }
    handlers.reset?.();
    Atomics.store(this.#words, CONNECTION, CONNECTED);
    this.#moved = true;
  }

  #heedError(): void {
    if ((this.#load(SERVER_FEATURES) & ERROR_WORD) === 0) return;
    const error = this.#load(ERROR);
    if (error !== 0) this.#fail('the server has given the ring up', { error });
  }

  #failIndex(distance: number): void {
    this.#say(BAD_INDEX);
    this.#fail(`an index ${distance} bytes away in a ring of ${RING_SIZE}`, { distance, limit: RING_SIZE });
  }

  /** The server's last word to the guest. */
  #say(error: number): void {
    if (this.#role !== 'server') return;
    Atomics.store(this.#words, ERROR, error);
    this.#moved = true;
  }

  #fail(what: string, evidence: Readonly<Record<string, number>>): void {
    this.#end(new XenStoreProtocolError(what, evidence));
  }

  #end(error?: XenStoreError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = [];
    this.#unsent = 0;
    if (!this.#inEvent) this.#tell();
    if (this.#handlers !== undefined) this.#endSoon(error);
  }

  #endSoon(error: XenStoreError | undefined): void {
    setImmediate(() => {
      this.#handlers?.end(error);
    });
  }

  // A handler may have closed us: what was seen before the call does not hold after it.
  #isClosed(): boolean {
    return this.#closed;
  }

  #load(word: number): number {
    return Atomics.load(this.#words, word) >>> 0;
  }

  #tell(): void {
    if (!this.#moved) return;
    this.#moved = false;
    this.#notify();
  }

  #soon(): void {
    setImmediate(() => {
      this.onEvent();
    });
  }
}

/** One direction: where its bytes stand, the numbers of its words, and the index that is ours. */
interface Ring {
  readonly at: number;
  readonly producer: number;
  readonly consumer: number;
  own: number;
}
