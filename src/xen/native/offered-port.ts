/** An event channel that we allocate for another domain, with a wait that blocks (linux/include/uapi/xen/evtchn.h). */
import { closeSync, constants, readSync, writeSync } from 'node:fs';
import { ioctl, onReadable, waitReadable, type Readiness } from '../../os/index.js';
import type { DomainId } from '../domain.js';
import type { EventPort, OfferedChannel } from '../platform.js';
import { errnoOf, openDevice } from './device-file.js';
import { XenCallError } from './errors.js';

const DEVICE = '/dev/xen/evtchn';
const BIND_UNBOUND_PORT = 0x0004_4502;
const NOTIFY = 0x0004_4504;

/**
 * It has a descriptor of its own: whoever blocks on one that other channels share would take their events. With the
 * descriptor the kernel closes the port.
 */
export class OfferedPort implements OfferedChannel {
  readonly port: EventPort;
  readonly #fd: number;
  /** The port, as the ioctls take it and as an event reads. */
  readonly #word = new Uint32Array(1);
  readonly #bytes = new Uint8Array(this.#word.buffer);
  #open = true;
  #readiness: Readiness | undefined;

  /** @throws {XenPermissionError | XenCallError} */
  constructor(peer: DomainId) {
    this.#fd = openDevice(DEVICE, 'xen-evtchn', constants.O_RDWR | constants.O_NONBLOCK);
    try {
      this.#word[0] = peer;
      this.port = ioctl(this.#fd, BIND_UNBOUND_PORT, this.#bytes, DEVICE) as EventPort;
    } catch (cause) {
      closeSync(this.#fd);
      throw new XenCallError('offering an event channel', errnoOf(cause), { peer }, '', { cause });
    }
  }

  notify(): void {
    if (!this.#open) return;
    this.#word[0] = this.port;
    ioctl(this.#fd, NOTIFY, this.#bytes, DEVICE);
  }

  wait(milliseconds: number): boolean {
    return this.#open && waitReadable(this.#fd, milliseconds, DEVICE) && this.#take();
  }

  listen(onEvent: () => void): void {
    if (!this.#open) return;
    this.#readiness = onReadable(this.#fd, () => {
      if (this.#take()) onEvent();
    });
  }

  /** @returns false when a wait has taken the event, which the event loop still tells of. */
  #take(): boolean {
    try {
      readSync(this.#fd, this.#bytes, 0, 4, null);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      throw cause;
    }
    // Masked by the kernel since it was raised. Ours is the only port of this descriptor.
    writeSync(this.#fd, this.#bytes);
    return true;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    // Before the descriptor, which may be another's at once.
    this.#readiness?.close();
    closeSync(this.#fd);
  }
}
