/** The NVM command set on the one namespace: flush, write, read (NVM Express 1.4, 6). */
import type { Command } from './command.js';
import { LARGEST_TRANSFER, type DataTransfer } from './data-transfer.js';
import { NAMESPACE } from './identify.js';
import type { Traffic } from './logs.js';
import {
  INVALID_FIELD,
  INVALID_NAMESPACE,
  INVALID_OPCODE,
  LBA_OUT_OF_RANGE,
  SUCCESS,
  type Status,
} from './status.js';

const FLUSH = 0x00;
const WRITE = 0x01;
const READ = 0x02;
const ALL_NAMESPACES = 0xffff_ffff;

export class BlockCommands {
  readonly #disk: Uint8Array;
  readonly #blockBytes: number;
  readonly #transfer: DataTransfer;
  readonly #traffic = { reads: 0, writes: 0, bytesRead: 0, bytesWritten: 0 };

  constructor(disk: Uint8Array, blockBytes: number, transfer: DataTransfer) {
    this.#disk = disk;
    this.#blockBytes = blockBytes;
    this.#transfer = transfer;
  }

  get traffic(): Traffic {
    return this.#traffic;
  }

  execute(command: Command): Status {
    switch (command.opcode) {
      case FLUSH:
        // A completed write is on the disk already.
        return [NAMESPACE, ALL_NAMESPACES].includes(command.namespace) ? SUCCESS : INVALID_NAMESPACE;
      case WRITE:
      case READ:
        return this.#move(command);
      default:
        return INVALID_OPCODE;
    }
  }

  #move(command: Command): Status {
    if (command.namespace !== NAMESPACE) return INVALID_NAMESPACE;
    const bytes = ((command.dword12 & 0xffff) + 1) * this.#blockBytes;
    if (bytes > LARGEST_TRANSFER) return INVALID_FIELD;
    const start = firstBlock(command) * BigInt(this.#blockBytes);
    if (start + BigInt(bytes) > BigInt(this.#disk.length)) return LBA_OUT_OF_RANGE;
    const part = this.#disk.subarray(Number(start), Number(start) + bytes);
    const isWrite = command.opcode === WRITE;
    const status = isWrite ? this.#transfer.fromHost(command, part) : this.#transfer.toHost(command, part);
    if (status !== SUCCESS) return status;
    if (isWrite) {
      this.#traffic.writes++;
      this.#traffic.bytesWritten += bytes;
    } else {
      this.#traffic.reads++;
      this.#traffic.bytesRead += bytes;
    }
    return SUCCESS;
  }
}

/** 64 bits in dwords 10 and 11; other commands have other things there. */
export function firstBlock(command: Command): bigint {
  return (BigInt(command.dword11) << 32n) | BigInt(command.dword10);
}
