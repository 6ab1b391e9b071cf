/** Answers the calls of one domain: each is one word in its control block, and the domain sleeps until it is answered. */
import { isDomainId } from '../domain.js';
import type { Pirq } from '../platform.js';
import { Call, CallState, Errno, STORE_PORT, Word } from './control-block.js';
import type { EventChannels } from './event-channels.js';
import type { GrantTable } from './grant-table.js';
import type { MappedRanges } from './mapped-ranges.js';

/** What a domain's calls act on. */
export interface CallTargets {
  readonly ranges: MappedRanges;
  readonly grants: GrantTable;
  readonly channels: EventChannels;
  /** @returns a port, or the negative error number. */
  bindPirq(pirq: Pirq): number;
  /** @returns 0 or the negative error number. */
  closePort(port: number): number;
  endOfInterrupt(pirq: Pirq): void;
  /** A call met a fault that the domain could not have caused. Told once for each kind of call (XSA-130). */
  failed(error: unknown): void;
}

const ARGUMENTS = Word.arguments;

/** What {@link DomainCalls.serve} did, the larger the more there is to do after it. */
export const Served = {
  nothing: 0,
  /** An access of the bus or of the back end's page, which is over when it is answered. */
  access: 1,
  /** Something that this thread's event loop may have to go on with. */
  request: 2,
} as const;
export type Served = (typeof Served)[keyof typeof Served];

export class DomainCalls {
  readonly #words: Int32Array;
  readonly #targets: CallTargets;
  /** The result's two words of the call that is being answered. */
  #low = 0;
  #high = 0;
  readonly #told = new Set<number>();

  constructor(words: Int32Array, targets: CallTargets) {
    this.#words = words;
    this.#targets = targets;
  }

  /** While the hypervisor is attentive it looks by itself, and the domain sends no message with its calls. */
  setAttentive(on: boolean): void {
    Atomics.store(this.#words, Word.attentive, on ? 1 : 0);
  }

  /** Answers the call that waits, if one does. Never throws, whatever the domain asked. */
  serve(): Served {
    const words = this.#words;
    const state = Atomics.load(words, Word.state);
    if (state !== CallState.asked && state !== CallState.asleep) return Served.nothing;
    this.#low = 0;
    this.#high = 0;
    const call = Atomics.load(words, Word.call);
    const served = isAccessCall(call, this.#argument(0)) ? Served.access : Served.request;
    let status: number;
    try {
      status = this.#dispatch(call);
    } catch (error) {
      if (this.#told.size < this.#told.add(call).size) this.#targets.failed(error);
      status = -Errno.EINVAL;
    }
    words[Word.status] = status;
    words[Word.low] = this.#low;
    words[Word.high] = this.#high;
    if (Atomics.exchange(words, Word.state, CallState.answered) === CallState.asleep)
      Atomics.notify(words, Word.state);
    return served;
  }

  /** The domain can write its block at any time: each argument is loaded once. */
  #argument(index: number): number {
    return Atomics.load(this.#words, ARGUMENTS + index);
  }

  #dispatch(call: number): number {
    const { ranges, grants, channels } = this.#targets;
    const first = this.#argument(0);
    switch (call) {
      case Call.read:
        return this.#read(first, this.#argument(1), this.#argument(2));
      case Call.write:
        return this.#write(first, this.#argument(1), this.#argument(2));
      case Call.mapRange:
        return this.#handle(
          ranges.map(first === 0 ? 'memory' : 'io', this.#long(1), this.#argument(3) >>> 0),
        );
      case Call.unmapRange:
        return ranges.unmap(first);
      case Call.grant: {
        const peer = this.#argument(1);
        return isDomainId(peer) ? this.#handle(grants.grant(first, peer)) : -Errno.EINVAL;
      }
      case Call.revoke:
        return grants.revoke(first);
      case Call.offerPort:
        return isDomainId(first) ? this.#handle(channels.offer(first)) : -Errno.EINVAL;
      case Call.closePort:
        return this.#targets.closePort(first);
      case Call.notify:
        return channels.notify(first);
      case Call.bindPirq:
        return this.#handle(this.#targets.bindPirq(first as Pirq));
      case Call.endOfInterrupt: {
        const pirq = channels.pirqOf(first);
        if (pirq === undefined) return -Errno.EINVAL;
        this.#targets.endOfInterrupt(pirq);
        return 0;
      }
      default:
        return -Errno.ENOSYS;
    }
  }

  /** A non-negative number is the result, a negative one the status. */
  #handle(result: number): number {
    if (result < 0) return result;
    this.#low = result;
    return 0;
  }

  /** Two words as one number; more than 53 bits are no address of the machine. */
  #long(index: number): number {
    return (this.#argument(index + 1) >>> 0) * 0x1_0000_0000 + (this.#argument(index) >>> 0);
  }

  #read(handle: number, offset: number, width: number): number {
    if (!isAccess(offset, width)) return -Errno.EINVAL;
    const access = this.#targets.ranges.at(handle, offset, width);
    // All ones, as a bus reads where nothing is.
    if (access === undefined) {
      this.#low = this.#high = -1;
      return 0;
    }
    switch (width) {
      case 1:
        this.#low = access.read8(offset);
        return 0;
      case 2:
        this.#low = access.read16(offset);
        return 0;
      case 4:
        this.#low = access.read32(offset);
        return 0;
      default: {
        const value = access.read64(offset);
        this.#low = Number(value & 0xffff_ffffn);
        this.#high = Number(value >> 32n);
        return 0;
      }
    }
  }

  #write(handle: number, offset: number, width: number): number {
    if (!isAccess(offset, width)) return -Errno.EINVAL;
    const { ranges } = this.#targets;
    const access = ranges.at(handle, offset, width);
    if (access === undefined || !ranges.writable(handle, offset)) return 0;
    const low = this.#argument(3) >>> 0;
    switch (width) {
      case 1:
        access.write8(offset, low & 0xff);
        return 0;
      case 2:
        access.write16(offset, low & 0xffff);
        return 0;
      case 4:
        access.write32(offset, low);
        return 0;
      default:
        access.write64(offset, (BigInt(this.#argument(4) >>> 0) << 32n) | BigInt(low));
        return 0;
    }
  }
}

function isAccessCall(call: number, first: number): boolean {
  return call === Call.read || call === Call.write || (call === Call.notify && first !== STORE_PORT);
}

function isAccess(offset: number, width: number): boolean {
  return (
    (width === 1 || width === 2 || width === 4 || width === 8) && offset >= 0 && (offset & (width - 1)) === 0
  );
}
