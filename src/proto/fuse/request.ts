/** One request of the kernel: the fields of a message in the buffer that all requests are received into. */
import type { Caller } from '../files/device-file.js';
import { In, IN_HEADER, InHeader, WRITE_DATA } from './abi.js';

const NUL = 0;

export class Request {
  readonly bytes: Uint8Array;
  readonly #words: Uint32Array;
  /** Of a write's data, by length: registers are written with no allocation. */
  readonly #short: readonly Uint8Array[];

  constructor(size: number) {
    const buffer = new ArrayBuffer(size);
    this.bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#short = Array.from({ length: 9 }, (_, length) =>
      this.bytes.subarray(WRITE_DATA, WRITE_DATA + length),
    );
  }

  /** The 32 bits at a word of the message. */
  word(index: number): number {
    return this.#words[index] ?? 0;
  }

  /** 64 bits from a word on; exact up to 2^53, and beyond every size and handle of ours after that. */
  number(index: number): number {
    const high = this.word(index + 1);
    // A small number stays one that needs no place on the heap.
    return high === 0 ? this.word(index) : this.word(index) + high * 2 ** 32;
  }

  get length(): number {
    return this.word(InHeader.length);
  }

  get opcode(): number {
    return this.word(InHeader.opcode);
  }

  get node(): number {
    return this.number(InHeader.node);
  }

  get caller(): Caller {
    return {
      pid: this.word(InHeader.pid),
      uid: this.word(InHeader.uid),
      gid: this.word(InHeader.gid),
    };
  }

  /** The name that ends with a NUL behind the header: LOOKUP's argument. */
  get name(): string {
    const end = this.bytes.indexOf(NUL, IN_HEADER);
    return Buffer.from(this.bytes.subarray(IN_HEADER, end < 0 ? this.length : end)).toString('utf8');
  }

  /** The data of a WRITE. */
  written(): Uint8Array {
    const size = this.word(In.transfer.size);
    return this.#short[size] ?? this.bytes.subarray(WRITE_DATA, WRITE_DATA + size);
  }

  part(from: number, length: number): Uint8Array {
    return this.bytes.subarray(from, from + length);
  }
}
