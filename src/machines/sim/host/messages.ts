/** Interrupt messages: the writes that the machine takes as interrupts, and which requester may make which. */
import type { IommuFault, Iova, MessageTarget, PhysicalAddress } from '../../../function/index.js';
import type { PciAddress } from '../../../pci/index.js';
import { MachineMessagesError } from '../errors.js';

/** Writes of devices to this range are interrupts, never memory (the local APIC's range on x86). */
const MESSAGE_BASE = 0xfee0_0000;
const MESSAGE_END = 0xfef0_0000;
/** All messages go to one address; 16 bits of data tell them apart, so that those of one MSI function follow each other. */
const MESSAGE_ADDRESS = MESSAGE_BASE as PhysicalAddress;
const DATA_END = 0x1_0000;

interface Entry {
  readonly requester: number;
  readonly index: number;
  readonly onMessage: (index: number) => void;
}

export function isMessageAddress(address: number): boolean {
  return address >= MESSAGE_BASE && address < MESSAGE_END;
}

export class MessageTable {
  readonly #entries = new Map<number, Entry>();
  readonly #record: (fault: IommuFault) => void;
  #next = 0;

  constructor(record: (fault: IommuFault) => void) {
    this.#record = record;
  }

  /**
   * Messages of one requester with data in a row, the first a multiple of `count` (a power of two): an MSI function
   * puts the vector's number into the low bits. @throws {MachineMessagesError}
   */
  allocate(requester: PciAddress, count: number, onMessage: (index: number) => void): MessageTarget {
    const data = this.#findFree(count);
    for (let index = 0; index < count; index++) {
      this.#entries.set(data + index, { requester: requester.sbdf, index, onMessage });
    }
    this.#next = (data + count) % DATA_END;
    let taken = true;
    const free = () => {
      if (!taken) return;
      taken = false;
      for (let index = 0; index < count; index++) this.#entries.delete(data + index);
    };
    return { address: MESSAGE_ADDRESS, data, free, [Symbol.dispose]: free };
  }

  /** A device wrote to the range of messages. What no entry allows is a fault. */
  deliver(requester: PciAddress, address: number, data: number): void {
    const entry = address === MESSAGE_ADDRESS ? this.#entries.get(data) : undefined;
    if (entry !== undefined && entry.requester === requester.sbdf) {
      entry.onMessage(entry.index);
      return;
    }
    this.#record({
      requester,
      iova: BigInt(address) as Iova,
      access: 'message',
      why: entry === undefined ? 'unmapped' : 'not_allowed',
      context: undefined,
    });
  }

  #findFree(count: number): number {
    const start = Math.ceil(this.#next / count) * count;
    for (let tried = 0; tried < DATA_END; tried += count) {
      const data = (start + tried) % DATA_END;
      let free = true;
      for (let index = 0; index < count; index++) if (this.#entries.has(data + index)) free = false;
      if (free) return data;
    }
    throw new MachineMessagesError(count);
  }
}
