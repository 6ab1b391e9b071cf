/** A pair of transports joined in memory: what one end sends the other receives, in a later turn, cut as asked. */
import type { StoreTransport, TransportHandlers } from '../../../src/xen/store/index.js';
import { MAX_PAYLOAD } from '../../../src/xen/store/index.js';

export interface MemoryPairOptions {
  readonly name?: string;
  /** Bytes that are delivered at once; everything that waits when absent. */
  readonly chunk?: number;
  readonly maxPayload?: number;
}

/** Two joined ends. */
export function memoryPair(options: MemoryPairOptions = {}): readonly [StoreTransport, StoreTransport] {
  const near = new MemoryTransport(options);
  const far = new MemoryTransport(options);
  near.join(far);
  far.join(near);
  return [near, far];
}

class MemoryTransport implements StoreTransport {
  readonly name: string;
  readonly maxPayload: number;
  readonly #chunk: number;
  #other: MemoryTransport | undefined;
  #handlers: TransportHandlers | undefined;
  #incoming: Uint8Array[] = [];
  #closing = false;
  #ended = false;
  #scheduled = false;

  constructor({ name = 'memory', chunk = Infinity, maxPayload = MAX_PAYLOAD }: MemoryPairOptions) {
    this.name = name;
    this.maxPayload = maxPayload;
    this.#chunk = chunk;
  }

  join(other: MemoryTransport): void {
    this.#other = other;
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
    this.hangUp();
    this.#other?.hangUp();
  }

  receive(bytes: Uint8Array): void {
    if (this.#closing) return;
    this.#incoming.push(bytes);
    this.#schedule();
  }

  /** The stream ends behind what has arrived. */
  hangUp(): void {
    this.#closing = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#ended) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#handlers === undefined || this.#ended) return;
    const bytes = Buffer.concat(this.#incoming);
    this.#incoming = [];
    for (let at = 0; at < bytes.length; at += this.#chunk) {
      this.#handlers.data(bytes.subarray(at, Math.min(bytes.length, at + this.#chunk)));
    }
    if (!this.#closing) return;
    this.#ended = true;
    this.#handlers.end();
  }
}
