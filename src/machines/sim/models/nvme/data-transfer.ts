/** Moves the data of commands between device and host memory, through the pointers of the command. */
import type { ModelBus } from '../../device-model.js';
import type { Command } from './command.js';
import { PAGE_BYTES, prpSegments } from './prp.js';
import { TRANSFER_PAGES_POWER } from './identify.js';
import { DATA_TRANSFER_ERROR, INVALID_FIELD, SUCCESS, type Status } from './status.js';

/** More than this no command may move. */
export const LARGEST_TRANSFER = PAGE_BYTES << TRANSFER_PAGES_POWER;

export class DataTransfer {
  readonly #bus: ModelBus;
  /** Data on its way in: kept apart until all of it came, so that a failed command changes nothing. */
  #incoming = new Uint8Array(0);

  constructor(bus: ModelBus) {
    this.#bus = bus;
  }

  toHost(command: Command, data: Uint8Array): Status {
    const segments = this.#segments(command, data.length);
    if (typeof segments === 'number') return segments;
    let at = 0;
    for (const { iova, bytes } of segments) {
      if (this.#bus.dmaWrite(iova, data.subarray(at, at + bytes)) === 'fault') return DATA_TRANSFER_ERROR;
      at += bytes;
    }
    return SUCCESS;
  }

  fromHost(command: Command, into: Uint8Array): Status {
    const segments = this.#segments(command, into.length);
    if (typeof segments === 'number') return segments;
    if (this.#incoming.length < into.length) this.#incoming = new Uint8Array(into.length);
    let at = 0;
    for (const { iova, bytes } of segments) {
      const part = this.#incoming.subarray(at, at + bytes);
      if (this.#bus.dmaRead(iova, part) === 'fault') return DATA_TRANSFER_ERROR;
      at += bytes;
    }
    into.set(this.#incoming.subarray(0, into.length));
    return SUCCESS;
  }

  #segments(command: Command, bytes: number): ReturnType<typeof prpSegments> {
    if (bytes > LARGEST_TRANSFER) return INVALID_FIELD;
    return prpSegments(command.prp1, command.prp2, bytes, (iova, into) => this.#bus.dmaRead(iova, into));
  }
}
