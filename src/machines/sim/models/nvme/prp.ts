/** Physical region pages: how a command says where its data is in host memory (NVM Express 1.4, 4.3). */
import type { DmaResult, Iova } from '../../../../function/index.js';
import { DATA_TRANSFER_ERROR, PRP_OFFSET_INVALID, type Status } from './status.js';

export const PAGE_BYTES = 4096;
const PAGE_MASK = BigInt(PAGE_BYTES - 1);
const ENTRY_BYTES = 8;

export interface Segment {
  readonly iova: Iova;
  readonly bytes: number;
}

type ReadMemory = (iova: Iova, into: Uint8Array) => DmaResult;

/**
 * The runs of host memory that hold `bytes` bytes of data: never more than its pages, so the work is bounded by the
 * largest transfer, whatever the lists say. Lists are read page by page, each page once.
 */
export function prpSegments(
  prp1: bigint,
  prp2: bigint,
  bytes: number,
  readMemory: ReadMemory,
): readonly Segment[] | Status {
  const offset = Number(prp1 & PAGE_MASK);
  if (offset % 4 !== 0) return PRP_OFFSET_INVALID;
  const first = Math.min(bytes, PAGE_BYTES - offset);
  const segments: Segment[] = [{ iova: prp1 as Iova, bytes: first }];
  const rest = bytes - first;
  if (rest === 0) return segments;
  // With one page left, the second pointer is that page; with more, it is a list of them.
  if (rest > PAGE_BYTES) return listSegments(segments, prp2, rest, readMemory);
  if ((prp2 & PAGE_MASK) !== 0n) return PRP_OFFSET_INVALID;
  segments.push({ iova: prp2 as Iova, bytes: rest });
  return segments;
}

function listSegments(
  segments: Segment[],
  start: bigint,
  bytes: number,
  readMemory: ReadMemory,
): readonly Segment[] | Status {
  let rest = bytes;
  let list = start;
  while (rest > 0) {
    if (list % BigInt(ENTRY_BYTES) !== 0n) return PRP_OFFSET_INVALID;
    const wanted = Math.ceil(rest / PAGE_BYTES);
    const room = (PAGE_BYTES - Number(list & PAGE_MASK)) / ENTRY_BYTES;
    const entries = new DataView(new ArrayBuffer(Math.min(wanted, room) * ENTRY_BYTES));
    if (readMemory(list as Iova, new Uint8Array(entries.buffer)) === 'fault') return DATA_TRANSFER_ERROR;
    // The last entry of a list's page points to the next page when the data goes on.
    const pages = wanted > room ? room - 1 : wanted;
    for (let index = 0; index < pages; index++) {
      const page = entries.getBigUint64(index * ENTRY_BYTES, true);
      if ((page & PAGE_MASK) !== 0n) return PRP_OFFSET_INVALID;
      segments.push({ iova: page as Iova, bytes: Math.min(rest, PAGE_BYTES) });
      rest -= Math.min(rest, PAGE_BYTES);
    }
    if (rest > 0) {
      list = entries.getBigUint64(pages * ENTRY_BYTES, true);
      // A further list starts its page. Else lists of one entry, the pointer to the next, would have no end.
      if ((list & PAGE_MASK) !== 0n) return PRP_OFFSET_INVALID;
    }
  }
  return segments;
}
