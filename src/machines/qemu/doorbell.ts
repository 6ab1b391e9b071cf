/**
 * Where messages (MSI, MSI-X) go: the doorbell of QEMU's ivshmem device. A device's message is a 32-bit write to its
 * register; QEMU answers it by adding 1 to the event counter that belongs to the number that was written. So each message
 * is counted by the kernel, and whoever waits for one waits for a descriptor.
 *
 * The counters are ours: towards QEMU we are the ivshmem server (QEMU, docs/specs/ivshmem-spec.txt).
 */
import { closeSync } from 'node:fs';
import { MemoryFile, openEventCounter, sendDescriptor, SystemCallError } from '../../os/index.js';

/** The register takes a peer in its upper and a vector in its lower 16 bits; of the vector QEMU looks at 8. */
export const DOORBELL_VECTORS = 256;
/** Offset of the register in BAR 0. */
const DOORBELL_REGISTER = 12;
const PROTOCOL_VERSION = 0;
/** MSI has 16 bits of data, so the peer that it names is number 0. */
const OUR_PEER = 0;
const QEMUS_PEER = 1;
const MEMORY_FOLLOWS = -1;
/** The device insists on memory to share, which nobody uses. */
const SHARED_BYTES = 4096;

/** Numbers, one behind the other, that a device can write. */
export interface DoorbellBlock extends Disposable {
  /** 16 bits; the first one, a multiple of the block's size. */
  readonly data: number;
  /** Event counters, one for each number. */
  readonly counters: readonly number[];
}

export class Doorbell {
  readonly #counters: number[] = [];
  readonly #used = new Set<number>();
  /** Address of the register on the bus; to be set when the device has its place. */
  address = 0;

  /** What QEMU gets to know over the socket, for which it waits when it makes the device. */
  introduce(socket: number): void {
    try {
      this.#introduce(socket);
    } catch (cause) {
      // It has ended, which is told of by whoever waits for that.
      if (!(cause instanceof SystemCallError && cause.errno === 'EPIPE')) throw cause;
    }
  }

  #introduce(socket: number): void {
    const say = (value: number, descriptor?: number) => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
      sendDescriptor(socket, bytes, descriptor);
    };
    say(PROTOCOL_VERSION);
    say(QEMUS_PEER);
    const memory = new MemoryFile('openslot-doorbell', SHARED_BYTES);
    try {
      say(MEMORY_FOLLOWS, memory.fd);
    } finally {
      memory.close();
    }
    for (let vector = 0; vector < DOORBELL_VECTORS; vector++) {
      const counter = openEventCounter('interrupt messages');
      this.#counters.push(counter);
      say(OUR_PEER, counter);
    }
    // Its own last, for which it waits; nobody rings there.
    const unused = openEventCounter('interrupt messages');
    try {
      say(QEMUS_PEER, unused);
    } finally {
      closeSync(unused);
    }
  }

  /** BAR 0 of the device has this address. */
  place(base: number): void {
    this.address = base + DOORBELL_REGISTER;
  }

  /** @param count a power of two. @returns undefined when that many are not free. */
  allocate(count: number): DoorbellBlock | undefined {
    for (let data = 0; data + count <= DOORBELL_VECTORS; data += count) {
      const numbers = Array.from({ length: count }, (_, index) => data + index);
      if (numbers.some((number) => this.#used.has(number))) continue;
      for (const number of numbers) this.#used.add(number);
      return {
        data,
        counters: this.#counters.slice(data, data + count),
        [Symbol.dispose]: () => {
          for (const number of numbers) this.#used.delete(number);
        },
      };
    }
    return undefined;
  }

  close(): void {
    for (const counter of this.#counters.splice(0)) closeSync(counter);
  }
}
