/** lspci's lines of a function's regions and of its expansion ROM. */
import { ROM_REGION } from '../../function/index.js';
import { hexDigits } from '../../pci/index.js';
import type { BaseAddress } from './base-addresses.js';
import { sizeText } from './number-text.js';
import type { ShownFunction } from './shown-function.js';

const IO_ENABLE = 1;
const MEMORY_ENABLE = 2;

const MEMORY_TYPES = ['32-bit', 'low-1M', '64-bit', 'type 3'] as const;

export function regionLines(fn: ShownFunction): string {
  let text = '';
  for (const bar of fn.bars) {
    text += fn.verbosity > 1 ? `\tRegion ${bar.index}: ` : '\t';
    text += `${bar.io ? ioText(bar, fn.command) : memoryText(bar, fn.command)}${sizeText(bar.size)}\n`;
  }
  return text;
}

function missing({ ignored }: BaseAddress): string {
  return ignored ? '<ignored>' : '<unassigned>';
}

function stateText(virtual: boolean, enabled: boolean): string {
  return virtual ? ' [virtual]' : enabled ? '' : ' [disabled]';
}

function ioText(bar: BaseAddress, command: number): string {
  const enabled = (command & IO_ENABLE) !== 0;
  const where = bar.address !== 0n || enabled ? hexDigits(bar.address, 4) : missing(bar);
  return `I/O ports at ${where}${stateText(bar.virtual, enabled)}`;
}

function memoryText(bar: BaseAddress, command: number): string {
  const where = bar.address !== 0n ? hexDigits(bar.address, 8) : missing(bar);
  const kind = MEMORY_TYPES[bar.type] ?? '';
  const fetch = bar.prefetchable ? '' : 'non-';
  const state = stateText(bar.virtual, (command & MEMORY_ENABLE) !== 0);
  return `Memory at ${where} (${kind}, ${fetch}prefetchable)${state}`;
}

/** @param offset of the header's ROM register. */
export function romLine(fn: ShownFunction, offset: number): string {
  const raw = fn.header.read(offset, 4);
  const held = BigInt((raw & ~0x7ff) >>> 0);
  const { regions } = fn.captured;
  const region = regions?.find(({ index }) => index === ROM_REGION);
  // All ones is what a register that is not there may read.
  const address = region?.address ?? (regions === undefined && raw !== 0xffffffff ? held : 0n);
  if (region === undefined && raw === 0) return '';
  const where = address !== 0n ? hexDigits(address, 8) : held !== 0n ? '<ignored>' : '<unassigned>';
  const virtual = address !== 0n && held === 0n ? ' [virtual]' : '';
  const enabled = (raw & 1) !== 0;
  const state = !enabled ? ' [disabled]' : (fn.command & MEMORY_ENABLE) === 0 ? ' [disabled by cmd]' : '';
  return `\tExpansion ROM at ${where}${virtual}${state}${sizeText(BigInt(region?.size ?? 0))}\n`;
}
