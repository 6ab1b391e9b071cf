/** The log pages: errors, health, firmware slots (NVM Express 1.4, 5.14). */
import type { Features } from './features.js';
import { ERROR_ENTRIES, FIRMWARE_REVISION, TEMPERATURE, putText } from './identify.js';
import type { Status } from './status.js';

export const ERROR_LOG = 0x01;
export const HEALTH_LOG = 0x02;
export const FIRMWARE_LOG = 0x03;

const ERROR_ENTRY_BYTES = 64;
/** The entry concerns no byte of a command that it could name. */
const NO_PARAMETER = 0xffff;

/** What the host moved, for the health page. */
export interface Traffic {
  readonly reads: number;
  readonly writes: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

export interface FailedCommand {
  readonly queue: number;
  readonly id: number;
  readonly status: Status;
  readonly namespace: number;
  /** First block, for commands that have one. */
  readonly block: bigint;
}

/** The last errors, and how many there were. */
export class ErrorLog {
  /** The newest entry is the first one, as in the page. */
  readonly #page = new Uint8Array(ERROR_ENTRIES * ERROR_ENTRY_BYTES);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get page(): Uint8Array {
    return this.#page;
  }

  record(failed: FailedCommand): void {
    this.#count++;
    this.#page.copyWithin(ERROR_ENTRY_BYTES, 0, this.#page.length - ERROR_ENTRY_BYTES);
    const entry = new DataView(this.#page.buffer, 0, ERROR_ENTRY_BYTES);
    entry.setBigUint64(0, BigInt(this.#count), true);
    entry.setUint16(8, failed.queue, true);
    entry.setUint16(10, failed.id, true);
    entry.setUint16(12, failed.status << 1, true);
    entry.setUint16(14, NO_PARAMETER, true);
    entry.setBigUint64(16, failed.block, true);
    entry.setUint32(24, failed.namespace, true);
  }
}

/** SMART / Health Information. `on`: nanoseconds since power on. */
export function healthPage(features: Features, traffic: Traffic, errors: number, on: number): Uint8Array {
  const page = new Uint8Array(512);
  const view = new DataView(page.buffer);
  page[0] = features.temperatureWarning ? 0x02 : 0;
  view.setUint16(1, TEMPERATURE, true);
  page[3] = 100; // spare blocks, percent
  page[4] = 10; // the threshold of it
  // Counts have 128 bits, of which 64 are more than a simulation fills. Data is in thousands of 512 bytes, rounded up.
  const counts: readonly (readonly [number, number])[] = [
    [32, Math.ceil(traffic.bytesRead / 512_000)],
    [48, Math.ceil(traffic.bytesWritten / 512_000)],
    [64, traffic.reads],
    [80, traffic.writes],
    [112, 1], // power cycles
    [128, Math.floor(on / 3_600_000_000_000)], // power on hours
    [176, errors],
  ];
  for (const [offset, count] of counts) view.setBigUint64(offset, BigInt(count), true);
  return page;
}

/** Firmware Slot Information: the one slot is the one that runs. */
export function firmwarePage(): Uint8Array {
  const page = new Uint8Array(512);
  page[0] = 1;
  putText(page, 8, 8, FIRMWARE_REVISION);
  return page;
}
