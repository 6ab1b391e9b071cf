/** A pair of transports joined in memory: what one end sends the other receives, in a later turn of the event loop. */
import type { ServedTransport, TransportHandlers } from './transport.js';
import { MAX_PAYLOAD } from './wire.js';

/** `maxPayload` in bytes, 4096 where absent (xs_wire.h, XENSTORE_PAYLOAD_MAX). */
export interface MemoryPairOptions {
  readonly name?: string;
  /** Bytes that are delivered at once; everything that waits when absent. */
  readonly chunk?: number;
  readonly maxPayload?: number;
}

/** Two joined ends, for a client and a server in one process. */
export function memoryPair(options: MemoryPairOptions = {}): readonly [ServedTransport, ServedTransport] {
  const near = new MemoryTransport(options);
  const far = new MemoryTransport(options);
  near.join(far);
  far.join(near);
  return [near, far];
}

class MemoryTransport implements ServedTransport {
  readonly name: string;
  readonly maxPayload: number;
  readonly #chunk: number;
  #other: MemoryTransport | undefined;
  #handlers: TransportHandlers | undefined;
  #incoming: Uint8Array[] = [];
  #held = 0;
  #closing = false;
  #ended = false;
  #paused = false;
  #scheduled = false;

  constructor({ name = 'memory', chunk = Infinity, maxPayload = MAX_PAYLOAD }: MemoryPairOptions) {
    this.name = name;
    this.maxPayload = maxPayload;
    this.#chunk = chunk;
  }

  join(other: MemoryTransport): void {
    this.#other = other;
  }

  get unsent(): number {
    return this.#other?.held ?? 0;
  }

  /** Bytes that have come and were not delivered. */
  get held(): number {
    return this.#held;
  }

  start(handlers: TransportHandlers): void {
    this.#handlers = handlers;
    this.#schedule();
  }

  send(bytes: Uint8Array): void {
    if (!this.#closing) this.#other?.receive(bytes);
  }

  close(): void {
    if (this.#closing) return;
    this.#incoming = [];
    this.#held = 0;
    this.#paused = false;
    this.hangUp();
    this.#other?.hangUp();
  }

  reject(): void {
    this.close();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  receive(bytes: Uint8Array): void {
    if (this.#closing) return;
    this.#incoming.push(bytes);
    this.#held += bytes.length;
    this.#schedule();
  }

  /** The stream ends behind what has arrived. */
  hangUp(): void {
    this.#closing = true;
    this.#schedule();
  }

  /** The other end has delivered all that we sent. */
  delivered(): void {
    if (!this.#ended && !this.#closing) this.#handlers?.drained?.();
  }

  #schedule(): void {
    if (this.#scheduled || this.#ended || this.#paused) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#handlers === undefined || this.#ended) return;
    const before = this.#held;
    let bytes: Uint8Array | undefined;
    while (!this.#paused && (bytes = this.#incoming.shift()) !== undefined) {
      this.#held -= bytes.length;
      for (let at = 0; at < bytes.length; at += this.#chunk) {
        this.#handlers.data(bytes.subarray(at, Math.min(bytes.length, at + this.#chunk)));
      }
    }
    if (before > 0 && this.#held === 0) this.#other?.delivered();
    if (!this.#closing || this.#paused) return;
    this.#ended = true;
    this.#handlers.end();
  }
}
