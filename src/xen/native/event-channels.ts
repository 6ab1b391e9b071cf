/** Event channels through /dev/xen/evtchn (linux/include/uapi/xen/evtchn.h). */
import { closeSync, readSync, writeSync, constants } from 'node:fs';
import { ioctl, onReadable, type Readiness } from '../../os/index.js';
import type { DomainId } from '../domain.js';
import { EventThrottle } from '../event-throttle.js';
import type { EventChannel, EventPort, OnEvent } from '../platform.js';
import { Burst } from './burst.js';
import { errnoOf, openDevice } from './device-file.js';
import { XenCallError } from './errors.js';
import type { Scheduling } from './scheduling.js';

const DEVICE = '/dev/xen/evtchn';
const BIND_INTERDOMAIN = 0x0008_4501;
const UNBIND = 0x0004_4503;
const NOTIFY = 0x0004_4504;
/** Ports taken from the kernel's ring in one read. */
const PORTS_PER_READ = 64;

interface BoundPort {
  readonly burst: Burst;
  readonly throttle: EventThrottle;
  /** Until it fires, the port stays masked. */
  pause: NodeJS.Timeout | undefined;
}

/** All channels of this process, on one file descriptor that the event loop watches. */
export class EventChannels implements Disposable {
  readonly #fd = openDevice(DEVICE, 'xen-evtchn', constants.O_RDWR | constants.O_NONBLOCK);
  readonly #bound = new Map<number, BoundPort>();
  readonly #pending = new Uint32Array(PORTS_PER_READ);
  readonly #pendingBytes = new Uint8Array(this.#pending.buffer);
  readonly #unmask = new Uint32Array(1);
  readonly #unmaskBytes = new Uint8Array(this.#unmask.buffer);
  readonly #request = new Uint32Array(2);
  readonly #requestBytes = new Uint8Array(this.#request.buffer);
  readonly #readiness: Readiness;
  readonly #scheduling: Scheduling;

  /** `scheduling` lets the other end run where it has no processor of its own; it must stay open for as long. */
  constructor(scheduling: Scheduling) {
    this.#scheduling = scheduling;
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
    let open = true;
    const burst = new Burst(onEvent, {
      notify: () => {
        if (!open) return;
        this.#request[0] = local;
        ioctl(this.#fd, NOTIFY, this.#requestBytes, DEVICE);
      },
      notifyAndYield: () => {
        if (open) this.#scheduling.notifyAndYield(local);
      },
      yieldProcessor: () => {
        this.#scheduling.yieldProcessor();
      },
    });
    const bound: BoundPort = { burst, throttle: new EventThrottle(), pause: undefined };
    this.#bound.set(local, bound);
    return {
      notify: () => {
        burst.notify();
      },
      close: () => {
        if (!open) return;
        open = false;
        this.#bound.delete(local);
        clearTimeout(bound.pause);
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
      const bound = this.#bound.get(port);
      if (bound === undefined) continue;
      let served = false;
      // A handler deals with its own errors; the other ports of this read must be served whatever happens.
      try {
        served = bound.burst.answer();
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      } finally {
        // Masked by the kernel since it was raised: opened only now, so that a storm waits for its handler. The
        // handler may have closed the channel.
        this.#unmaskAfter(bound.throttle.after(served), port, bound);
      }
    }
  }

  #unmaskAfter(milliseconds: number, port: number, bound: BoundPort): void {
    if (this.#bound.get(port) !== bound) return;
    if (milliseconds > 0) {
      bound.pause = setTimeout(() => {
        this.#unmaskAfter(0, port, bound);
      }, milliseconds);
      return;
    }
    this.#unmask[0] = port;
    writeSync(this.#fd, this.#unmaskBytes);
  }

  [Symbol.dispose](): void {
    this.#readiness.close();
    closeSync(this.#fd);
    for (const { pause } of this.#bound.values()) clearTimeout(pause);
    this.#bound.clear();
  }
}
