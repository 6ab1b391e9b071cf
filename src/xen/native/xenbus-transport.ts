/** XenStore through the kernel's device /dev/xen/xenbus, available in every domain. */
import { closeSync, constants, readSync, writeSync } from 'node:fs';
import { onReadable, type Readiness } from '../../os/index.js';
import type { StoreTransport, TransportHandlers } from '../store/index.js';
import { openDevice } from './device-file.js';

const READ_BYTES = 64 * 1024;

/**
 * The event loop watches the descriptor; no thread ever blocks in read(2), which nothing could wake at the end. A
 * write hands a whole request to the kernel and returns when the store has taken it.
 */
export class XenbusTransport implements StoreTransport {
  readonly name: string;
  /** The kernel counts the header into its limit of 4096 bytes (drivers/xen/xenbus/xenbus_dev_frontend.c). */
  readonly maxPayload = 4080;
  readonly #fd: number;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #handlers: TransportHandlers | undefined;
  #readiness: Readiness | undefined;
  #ended = false;

  /** @throws {XenPermissionError} */
  constructor(path = '/dev/xen/xenbus') {
    this.name = path;
    this.#fd = openDevice(path, 'xenfs', constants.O_RDWR | constants.O_NONBLOCK);
  }

  start(handlers: TransportHandlers): void {
    this.#handlers = handlers;
    this.#readiness = onReadable(this.#fd, () => {
      this.#receive();
    });
  }

  send(bytes: Uint8Array): void {
    if (this.#ended) return;
    try {
      for (let sent = 0; sent < bytes.byteLength;) sent += writeSync(this.#fd, bytes, sent);
    } catch (cause) {
      this.#endLater(cause as Error);
    }
  }

  close(): void {
    this.#endLater();
  }

  #receive(): void {
    if (this.#ended) return;
    let count: number;
    try {
      count = readSync(this.#fd, this.#buffer, 0, READ_BYTES, null);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EAGAIN') return;
      this.#endLater(cause as Error);
      return;
    }
    if (count > 0) this.#handlers?.data(this.#buffer.subarray(0, count));
  }

  /** Handlers are never called from inside a method. */
  #endLater(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#readiness?.close();
    closeSync(this.#fd);
    const handlers = this.#handlers;
    queueMicrotask(() => handlers?.end(error));
  }
}
