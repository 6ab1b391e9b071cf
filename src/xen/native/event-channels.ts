/** Event channels through /dev/xen/evtchn (linux/include/uapi/xen/evtchn.h). */
import { closeSync, readSync, writeSync, constants } from 'node:fs';
import { ioctl, onReadable, type Readiness } from '../../os/index.js';
import type { DomainId } from '../domain.js';
import type { EventChannel, EventPort, OnEvent } from '../platform.js';
import { Burst } from './burst.js';
import { errnoOf, openDevice } from './device-file.js';
import { XenCallError } from './errors.js';

const DEVICE = '/dev/xen/evtchn';
const BIND_INTERDOMAIN = 0x0008_4501;
const UNBIND = 0x0004_4503;
const NOTIFY = 0x0004_4504;
/** Ports taken from the kernel's ring in one read. */
const PORTS_PER_READ = 64;

/** All channels of this process, on one file descriptor that the event loop watches. */
export class EventChannels implements Disposable {
  readonly #fd = openDevice(DEVICE, 'xen-evtchn', constants.O_RDWR | constants.O_NONBLOCK);
  readonly #bursts = new Map<number, Burst>();
  readonly #pending = new Uint32Array(PORTS_PER_READ);
  readonly #pendingBytes = new Uint8Array(this.#pending.buffer);
  readonly #unmask = new Uint32Array(1);
  readonly #unmaskBytes = new Uint8Array(this.#unmask.buffer);
  readonly #request = new Uint32Array(2);
  readonly #requestBytes = new Uint8Array(this.#request.buffer);
  readonly #readiness: Readiness;
  readonly #yield: () => void;

  /** `yieldProcessor` lets the other end run where it has no processor of its own. */
  constructor(yieldProcessor: () => void) {
    this.#yield = yieldProcessor;
    this.#readiness = onReadable(this.#fd, () => {
      this.#deliver();
    });
  }

  /** @throws {XenCallError} the port is not offered to us, or is taken. */
  bind(peer: DomainId, port: EventPort, onEvent: OnEvent): EventChannel {
    this.#request[0] = peer;
    this.#request[1] = port;
    let local: number;
    try {
      local = ioctl(this.#fd, BIND_INTERDOMAIN, this.#requestBytes, DEVICE);
    } catch (cause) {
      throw new XenCallError('binding an event channel', errnoOf(cause), { peer, port }, '', { cause });
    }
    this.#bursts.set(local, new Burst(onEvent, this.#yield));
    let open = true;
    return {
      notify: () => {
        if (!open) return;
        this.#request[0] = local;
        ioctl(this.#fd, NOTIFY, this.#requestBytes, DEVICE);
      },
      close: () => {
        if (!open) return;
        open = false;
        this.#bursts.delete(local);
        this.#request[0] = local;
        ioctl(this.#fd, UNBIND, this.#requestBytes, DEVICE);
      },
    };
  }

  #deliver(): void {
    let bytes: number;
    try {
      bytes = readSync(this.#fd, this.#pendingBytes, 0, this.#pendingBytes.byteLength, null);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EAGAIN') return;
      throw cause;
    }
    for (let index = 0; index < bytes / 4; index++) {
      const port = this.#pending[index] ?? 0;
      const burst = this.#bursts.get(port);
      if (burst === undefined) continue;
      // A handler deals with its own errors; the other ports of this read must be served whatever happens.
      try {
        burst.answer();
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      } finally {
        // Masked by the kernel since it was raised: opened only now, so that a storm waits for its handler. The
        // handler may have closed the channel.
        if (this.#bursts.has(port)) {
          this.#unmask[0] = port;
          writeSync(this.#fd, this.#unmaskBytes);
        }
      }
    }
  }

  [Symbol.dispose](): void {
    this.#readiness.close();
    closeSync(this.#fd);
    this.#bursts.clear();
  }
}
