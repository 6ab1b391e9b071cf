/** lspci's lines of a CardBus bridge: buses, its two windows of each kind, bridge control, legacy ports. */
import { busLine } from './bridge-lines.js';
import { hex4, hex8 } from './number-text.js';
import type { ShownFunction } from './shown-function.js';

const IO_ENABLE = 1;
const MEMORY_ENABLE = 2;
/** Where the header of this layout ends; 64 bytes are not all of it. */
export const CARDBUS_HEADER = 0x80;
/** A memory window's limit is the address of its last page, an I/O window's that of its last dword: what each adds. */
const PAGE = 0xfff;
const DWORD = 3;

export function cardbusLines(fn: ShownFunction): string {
  const { header, verbosity, command } = fn;
  const control = header.read(0x3e, 2);
  let text = busLine(fn);
  // Windows that end before they begin are switched off.
  for (const index of [0, 1]) {
    const base = header.read(0x1c + 8 * index, 4);
    const limit = (header.read(0x20 + 8 * index, 4) + PAGE) >>> 0;
    const prefetchable = (control & (0x100 << index)) !== 0 ? ' (prefetchable)' : '';
    if (base <= limit || verbosity > 2)
      text += `\tMemory window ${index}: ${hex8(base)}-${hex8(limit)}${disabled(command & MEMORY_ENABLE)}${prefetchable}\n`;
  }
  for (const index of [0, 1]) {
    const [from, to] = [header.read(0x2c + 8 * index, 4), header.read(0x30 + 8 * index, 4)];
    // Bit 0 says 32 bits of address, else there are 16.
    const mask = (from & 1) !== 0 ? ~DWORD : 0xffff & ~DWORD;
    const base = (from & mask) >>> 0;
    const limit = ((to & mask) + DWORD) >>> 0;
    if (base <= limit || verbosity > 2)
      text += `\tI/O window ${index}: ${hex8(base)}-${hex8(limit)}${disabled(command & IO_ENABLE)}\n`;
  }
  if ((header.read(0x16, 2) & 0x4000) !== 0) text += '\tSecondary status: SERR\n';
  if (verbosity > 1) text += `\tBridgeCtl: ${controlText(control)}\n`;
  if (fn.config.length < CARDBUS_HEADER) return `${text}\t<access denied to the rest>\n`;
  const legacy = header.read(0x44, 2);
  return legacy === 0 ? text : `${text}\t16-bit legacy interface ports at ${hex4(legacy)}\n`;
}

function disabled(enabled: number): string {
  return enabled !== 0 ? '' : ' [disabled]';
}

/** Bits of bridge control that this layout has. */
const CONTROL: readonly (readonly [number, string])[] = [
  [0x0001, 'Parity'],
  [0x0002, 'SERR'],
  [0x0004, 'ISA'],
  [0x0008, 'VGA'],
  [0x0020, 'MAbort'],
  [0x0040, '>Reset'],
  [0x0080, '16bInt'],
  [0x0400, 'PostWrite'],
];

function controlText(control: number): string {
  return CONTROL.map(([bit, label]) => `${label}${(control & bit) !== 0 ? '+' : '-'}`).join(' ');
}
