/** A command of a submission queue: its 64 bytes, read once, as named numbers (NVM Express 1.4, 4.2). */
import type { Status } from './status.js';

export const COMMAND_BYTES = 64;

export interface Command {
  readonly opcode: number;
  /** 2 bits: part of a fused pair, where not 0. */
  readonly fuse: number;
  /** 2 bits: scatter gather lists instead of PRPs, where not 0. */
  readonly dataPointerType: number;
  readonly id: number;
  readonly namespace: number;
  readonly prp1: bigint;
  readonly prp2: bigint;
  readonly dword10: number;
  readonly dword11: number;
  readonly dword12: number;
  readonly dword13: number;
}

/** How a command ended: its status, and the first dword of its completion. */
export interface Outcome {
  readonly status: Status;
  readonly result?: number;
}

/** The command holds nothing of `bytes`, which may be used again. */
export function decodeCommand(bytes: DataView): Command {
  const first = bytes.getUint32(0, true);
  return {
    opcode: first & 0xff,
    fuse: (first >>> 8) & 3,
    dataPointerType: (first >>> 14) & 3,
    id: first >>> 16,
    namespace: bytes.getUint32(4, true),
    prp1: bytes.getBigUint64(24, true),
    prp2: bytes.getBigUint64(32, true),
    dword10: bytes.getUint32(40, true),
    dword11: bytes.getUint32(44, true),
    dword12: bytes.getUint32(48, true),
    dword13: bytes.getUint32(52, true),
  };
}
