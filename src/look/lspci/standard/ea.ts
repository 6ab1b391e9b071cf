/** lspci's words for enhanced allocation. */
import { ea, eaBridge, hexDigits } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityView, CapabilityWriter } from '../capability-view.js';

const count = fieldIn(ea, 'count.entries');
const secondary = fieldIn(eaBridge, 'secondary');
const subordinate = fieldIn(eaBridge, 'subordinate');

const BRIDGE_LAYOUT = 1;
/** The first entry stands behind the bus numbers of a bridge. */
const FIRST = { device: 4, bridge: 8 };
const WIDE = 2;

const INDICATORS: readonly string[] = [
  ...Array.from({ length: 6 }, (_, bar) => `BAR ${bar}`),
  'resource behind function',
  'not indicated',
  'expansion ROM',
  ...Array.from({ length: 6 }, (_, bar) => `VF-BAR ${bar}`),
  'reserved',
];

const PROPERTIES: ReadonlyMap<number, string> = new Map([
  [0x00, 'memory space, non-prefetchable'],
  [0x01, 'memory space, prefetchable'],
  [0x02, 'I/O space'],
  [0x03, 'VF memory space, prefetchable'],
  [0x04, 'VF memory space, non-prefetchable'],
  [0x05, 'allocation behind bridge, non-prefetchable memory'],
  [0x06, 'allocation behind bridge, prefetchable memory'],
  [0x07, 'allocation behind bridge, I/O space'],
  [0xfd, 'memory space resource unavailable for use'],
  [0xfe, 'I/O space resource unavailable for use'],
  [0xff, 'entry unavailable for use'],
]);
const NO_SECONDARY = 0xff;

function properties(value: number): string {
  return PROPERTIES.get(value) ?? `[${hexDigits(value, 2)}]`;
}

/**
 * The upper half of a base or of an offset, and the lower one with its two low bits replaced. What the flags of an entry
 * announce is shown whatever its size says, as lspci does where it has read those bytes already; where not it ends itself.
 */
function writeEntry(view: CapabilityView, index: number, at: number): string {
  const head = view.read(at, 4);
  const size = head & 7;
  const second = (head >>> 16) & 0xff;
  let text = `\t\tEntry ${index}: Enable${sign(head >>> 31)} Writable${sign((head >>> 30) & 1)} EntrySize=${size}\n`;
  text += `\t\t\t BAR Equivalent Indicator: ${INDICATORS[(head >>> 4) & 0xf] ?? ''}\n`;
  text += `\t\t\t PrimaryProperties: ${properties((head >>> 8) & 0xff)}\n`;
  text += `\t\t\t SecondaryProperties: ${properties(second)}`;
  text += second === NO_SECONDARY ? ', PrimaryProperties should be used\n' : '\n';
  const base = view.read(at + 4, 4);
  let upper = 3;
  // lspci pads the lower half alone.
  const upperHalf = (low: number): string =>
    (low & WIDE) !== 0 ? hexDigits(view.read(at + 4 * upper++, 4), 1) : '';
  text += `\t\t\t Base: ${upperHalf(base)}${hexDigits((base & ~3) >>> 0, 8)}\n`;
  const most = view.read(at + 8, 4);
  return `${text}\t\t\t MaxOffset: ${upperHalf(most)}${hexDigits((most | 3) >>> 0, 8)}\n`;
}

function sign(bit: number): string {
  return bit !== 0 ? '+' : '-';
}

export const writeEa: CapabilityWriter = (view) => {
  const entries = count(view);
  const isBridge = view.fn.layout === BRIDGE_LAYOUT;
  let text = `Enhanced Allocation (EA): NumEntries=${entries}`;
  if (isBridge && view.has(4, 2)) text += `, secondary=${secondary(view)}, subordinate=${subordinate(view)}`;
  text += '\n';
  if (view.verbosity < 2) return text;
  let at = isBridge ? FIRST.bridge : FIRST.device;
  for (let index = 0; index < entries; index++) {
    if (!view.has(at, 4)) break;
    const bytes = 4 + (view.read(at, 1) & 7) * 4;
    if (!view.has(at, bytes)) break;
    text += writeEntry(view, index, at);
    at += bytes;
  }
  return text;
};
