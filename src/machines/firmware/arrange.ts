/** Placing blocks of addresses in a window: fixed ones where they stand, the others largest first into what is free. */
import type { PartPath, Refuse, Window } from './plan.js';

/** A BAR, or what a bridge passes down. */
export interface Block {
  /** As refusals name it: `BAR 2`, `the memory window of the bridge`. */
  readonly what: string;
  readonly path: PartPath;
  readonly size: number;
  /** A power of two. */
  readonly align: number;
  /** Where it must stand; undefined: anywhere. */
  readonly fixed: number | undefined;
  /** Told where it stands. */
  readonly place: (address: number) => void;
}

interface Placed {
  readonly block: Block;
  readonly start: number;
  /** The first address after it. */
  readonly end: number;
}

export function alignUp(address: number, align: number): number {
  return Math.ceil(address / align) * align;
}

const hex = (address: number) => `0x${address.toString(16)}`;
const rangeText = ({ start, end }: Placed) => `${hex(start)} to ${hex(end - 1)}`;

/** Where each block goes; nothing is told to the blocks. @throws what `refuse` makes: they overlap, or do not fit. */
export function arrange(blocks: readonly Block[], window: Window, refuse: Refuse): readonly Placed[] {
  const placed: Placed[] = [];
  for (const block of blocks)
    if (block.fixed !== undefined) placed.push(fix(block, block.fixed, window, placed, refuse));
  placed.sort((a, b) => a.start - b.start);
  const floating = blocks.filter(({ fixed }) => fixed === undefined);
  // Sorting keeps the order of equals: what comes first in the description stands lower.
  for (const block of [...floating].sort((a, b) => b.align - a.align || b.size - a.size)) {
    let start = alignUp(window.base, block.align);
    let index = 0;
    for (const other of placed) {
      if (start + block.size <= other.start) break;
      start = Math.max(start, alignUp(other.end, block.align));
      index++;
    }
    if (start + block.size - 1 > window.limit) {
      throw refuse(
        block.path,
        `${block.what} (${hex(block.size)} bytes) does not fit into ${hex(window.base)} to ${hex(window.limit)}`,
        'make the window above it larger, or leave it out to have it sized',
      );
    }
    placed.splice(index, 0, { block, start, end: start + block.size });
  }
  return placed;
}

function fix(block: Block, start: number, window: Window, before: readonly Placed[], refuse: Refuse): Placed {
  const fixed: Placed = { block, start, end: start + block.size };
  if (start % block.align !== 0) {
    throw refuse(
      block.path,
      `${block.what} at ${hex(start)} is not aligned to its ${hex(block.align)} bytes`,
    );
  }
  if (start < window.base || fixed.end - 1 > window.limit) {
    throw refuse(
      block.path,
      `${block.what} at ${rangeText(fixed)} lies outside of ${hex(window.base)} to ${hex(window.limit)}, which is what reaches its bus`,
    );
  }
  const other = before.find((placed) => start < placed.end && placed.start < fixed.end);
  if (other !== undefined) {
    throw refuse(
      block.path,
      `${block.what} at ${rangeText(fixed)} overlaps ${other.block.what} at ${rangeText(other)}`,
    );
  }
  return fixed;
}
