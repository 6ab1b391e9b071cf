/** A byte transport to a store: what a socket, the kernel's device or a ring page must give. */

/** What a transport tells. Neither is called while the other or itself still runs, nor from inside a method. */
export interface TransportHandlers {
  /** Bytes from the other end, in order, cut anywhere. They may be reused by the transport after the call. */
  data(bytes: Uint8Array): void;
  /** Exactly once, last: the stream is over, with the error that ended it where there was one. */
  end(error?: Error): void;
  /** {@link ServedTransport.unsent} is 0 again after it was not. Only a {@link ServedTransport} tells it. */
  drained?(): void;
  /**
   * The other end begins anew on the same transport: what was partly sent or received is void, and so is all that it
   * asked for before. Only a ring tells it.
   */
  reset?(): void;
}

/**
 * A reliable ordered stream of bytes, already open. It knows nothing of messages, except that one `send` is always a
 * sequence of whole ones.
 */
export interface StoreTransport {
  /** What it leads to, for texts: the path of a socket or device. */
  readonly name: string;
  /** Most bytes of payload in a message: 4096, less where a device takes less (4080 for Linux's /dev/xen/xenbus). */
  readonly maxPayload: number;
  /** Begins delivery; called once. What arrived before is kept until then. */
  start(handlers: TransportHandlers): void;
  /**
   * Takes bytes to be sent in order and returns at once; the array is the transport's from then on. A fault shows as
   * `end(error)`. After the end it does nothing. The client keeps few requests under way, so this needs no back-pressure.
   */
  send(bytes: Uint8Array): void;
  /** Ends the stream; `end()` follows. Does nothing the second time. */
  close(): void;
}

/** A transport that a server can use for its end: one whose other end may read slowly, write fast, or talk nonsense. */
export interface ServedTransport extends StoreTransport {
  /** Bytes that `send` has taken and not yet passed on. */
  readonly unsent: number;
  /** No `data` until {@link resume}; the other end has to wait. */
  pause(): void;
  resume(): void;
  /** As `close`, because the other end broke the protocol; it is told so where the transport can. */
  reject(): void;
}
