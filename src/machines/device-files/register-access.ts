/** Registers of a device file: one pread(2) or pwrite(2) is one access of its width. */
import { readSync, writeSync } from 'node:fs';
import type { OpenedFile } from './shared-files.js';
import { errnoOf } from './shared-files.js';

/** What a refused call is told as. */
export type Refuse = (errno: string, cause: unknown) => Error;

export class RegisterCalls {
  readonly #file: OpenedFile;
  readonly #refuse: Refuse;
  readonly #bytes = Buffer.alloc(8);

  constructor(file: OpenedFile, refuse: Refuse) {
    this.#file = file;
    this.#refuse = refuse;
  }

  read(offset: number, width: 1 | 2 | 4): number {
    this.#transfer('read', offset, width);
    return this.#bytes.readUIntLE(0, width);
  }

  read64(offset: number): bigint {
    this.#transfer('read', offset, 8);
    return this.#bytes.readBigUInt64LE(0);
  }

  write(offset: number, width: 1 | 2 | 4, value: number): void {
    this.#bytes.writeUInt32LE(value >>> 0, 0);
    this.#transfer('write', offset, width);
  }

  write64(offset: number, value: bigint): void {
    this.#bytes.writeBigUInt64LE(value, 0);
    this.#transfer('write', offset, 8);
  }

  #transfer(way: 'read' | 'write', offset: number, width: number): void {
    let done: number;
    try {
      done =
        way === 'read'
          ? readSync(this.#file.fd, this.#bytes, 0, width, offset)
          : writeSync(this.#file.fd, this.#bytes, 0, width, offset);
    } catch (cause) {
      throw this.#refuse(errnoOf(cause), cause);
    }
    // Half an access is none that a register file makes.
    if (done !== width) throw this.#refuse(`${done} of ${width} bytes`, undefined);
  }
}
