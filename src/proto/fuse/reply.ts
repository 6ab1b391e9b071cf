/** The answer to one request: built in one buffer that lives as long as the session, and sent by one write. */
import { OUT_HEADER, OutHeader } from './abi.js';

/** Attributes of a file or a folder as the kernel is told them: struct fuse_attr. */
export interface Attributes {
  readonly node: number;
  /** Bytes. */
  readonly size: number;
  /** File type and permissions, as in stat(2). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly time: number;
}

const ATTRIBUTES = 88;
/** struct fuse_entry_out without its attributes. */
const ENTRY = 40;
/** struct fuse_attr_out without them. */
const ATTRIBUTES_OUT = 16;
/** struct fuse_dirent without its name. */
const DIRENT = 24;
const BLOCK = 4096;

/** Fields are written in the byte order of the host, as the protocol has them. Offsets are bytes behind the header. */
export class Reply {
  readonly bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #errors: Int32Array;
  readonly #payload: Uint8Array;
  /** Of the payload's beginning, by length: registers are read with no allocation. */
  readonly #short: readonly Uint8Array[];

  constructor(payload: number) {
    const buffer = new ArrayBuffer(OUT_HEADER + payload);
    this.bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#errors = new Int32Array(buffer);
    this.#payload = this.bytes.subarray(OUT_HEADER);
    this.#short = Array.from({ length: 9 }, (_, length) => this.#payload.subarray(0, length));
  }

  /** Bytes that an answer can carry. */
  get room(): number {
    return this.#payload.length;
  }

  /** The payload's first `length` bytes, to be filled. */
  payload(length: number): Uint8Array {
    return this.#short[length] ?? this.#payload.subarray(0, length);
  }

  /** The payload's bytes from `from` on. */
  part(from: number, length: number): Uint8Array {
    return this.#payload.subarray(from, from + length);
  }

  clear(length: number): void {
    this.#payload.fill(0, 0, length);
  }

  set32(offset: number, value: number): void {
    this.#words[(OUT_HEADER + offset) >>> 2] = value;
  }

  set16(offset: number, value: number): void {
    this.#payload[offset] = value & 0xff;
    this.#payload[offset + 1] = value >>> 8;
  }

  /** Up to 53 bits. */
  set64(offset: number, value: number): void {
    this.set32(offset, value % 2 ** 32);
    this.set32(offset + 4, Math.floor(value / 2 ** 32));
  }

  /** Heads an answer of `length` bytes of payload. @returns the bytes to send. */
  head(low: number, high: number, error: number, length: number): number {
    const total = OUT_HEADER + length;
    this.#words[OutHeader.length] = total;
    this.#errors[OutHeader.error] = error;
    this.#words[OutHeader.unique] = low;
    this.#words[OutHeader.unique + 1] = high;
    return total;
  }

  /** struct fuse_entry_out; nothing of it is to be remembered by the kernel. @returns its bytes. */
  entry(attributes: Attributes): number {
    this.clear(ENTRY + ATTRIBUTES);
    this.set64(0, attributes.node);
    this.#attributes(ENTRY, attributes);
    return ENTRY + ATTRIBUTES;
  }

  /** struct fuse_attr_out. @returns its bytes. */
  attributes(attributes: Attributes): number {
    this.clear(ATTRIBUTES_OUT + ATTRIBUTES);
    this.#attributes(ATTRIBUTES_OUT, attributes);
    return ATTRIBUTES_OUT + ATTRIBUTES;
  }

  #attributes(at: number, { node, size, mode, uid, gid, time }: Attributes): void {
    this.set64(at, node);
    this.set64(at + 8, size);
    for (const moment of [24, 32, 40]) this.set64(at + moment, time);
    this.set32(at + 60, mode);
    this.set32(at + 64, 1);
    this.set32(at + 68, uid);
    this.set32(at + 72, gid);
    this.set32(at + 80, BLOCK);
  }

  /** struct fuse_open_out. @returns its bytes. */
  opened(handle: number, flags: number, backing: number): number {
    this.set64(0, handle);
    this.set32(8, flags);
    this.set32(12, backing);
    return 16;
  }

  /**
   * Adds one struct fuse_dirent at `at`; `next` is the position to go on from after it.
   * @returns where the following one stands, undefined when this one does not fit into `limit` bytes.
   */
  dirent(
    at: number,
    limit: number,
    node: number,
    next: number,
    mode: number,
    name: string,
  ): number | undefined {
    const text = Buffer.from(name, 'utf8');
    const end = at + ((DIRENT + text.length + 7) & ~7);
    if (end > limit) return undefined;
    this.#payload.fill(0, at, end);
    this.set64(at, node);
    this.set64(at + 8, next);
    this.set32(at + 16, text.length);
    // The type of a directory entry is the file type of its mode (dirent.h).
    this.set32(at + 20, mode >>> 12);
    this.#payload.set(text, at + DIRENT);
    return end;
  }
}
