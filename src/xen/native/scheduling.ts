/** Who has the processor: offering it to other domains, alone or with an event that wakes one of them. */
import { lastErrno } from '../../os/index.js';
import { XenCallError } from './errors.js';
import type { HypercallArgument, Hypercalls } from './hypercalls.js';

/** Numbers of hypercalls (xen/include/public/xen.h). */
const MULTICALL = 13;
const SCHED_OP = 29;
const EVENT_CHANNEL_OP = 32;
/** SCHEDOP_yield (sched.h). */
const YIELD = 0;
/** EVTCHNOP_send (event_channel.h); its argument is the port, 32 bits. */
const SEND = 4;

/** struct multicall_entry: { ulong op, result, args[6] }. */
const ENTRY_BYTES = 64;
const RESULT = 8;
const ARGUMENTS = 16;
const CALLS = 2;
const PORT = CALLS * ENTRY_BYTES;

export class Scheduling {
  readonly #hypercalls: Hypercalls;
  /** The two calls, and the port behind them. */
  readonly #calls: HypercallArgument;

  /** `hypercalls` must stay open for as long. @throws {XenCallError} */
  constructor(hypercalls: Hypercalls) {
    this.#hypercalls = hypercalls;
    this.#calls = hypercalls.allocate(PORT + 4);
    const { view, address } = this.#calls;
    view.setBigUint64(0, BigInt(EVENT_CHANNEL_OP), true);
    view.setBigUint64(ARGUMENTS, BigInt(SEND), true);
    view.setBigUint64(ARGUMENTS + 8, address + BigInt(PORT), true);
    view.setBigUint64(ENTRY_BYTES, BigInt(SCHED_OP), true);
    view.setBigUint64(ENTRY_BYTES + ARGUMENTS, BigInt(YIELD), true);
  }

  /** Lets other domains have this processor where one waits for it; returns at once where none does. */
  yieldProcessor(): void {
    this.#hypercalls.call(SCHED_OP, YIELD, 0);
  }

  /** Sends the event of a port of this domain, then yields. @throws {XenCallError} the port is none. */
  notifyAndYield(port: number): void {
    const { view, address } = this.#calls;
    view.setUint32(PORT, port, true);
    const called = this.#hypercalls.call(MULTICALL, address, CALLS);
    if (called < 0) throw new XenCallError('sending an event', lastErrno(), { port });
    const result = view.getInt32(RESULT, true);
    if (result < 0) throw new XenCallError('sending an event', `errno ${-result}`, { port });
  }

  [Symbol.dispose](): void {
    this.#calls.free();
  }
}
