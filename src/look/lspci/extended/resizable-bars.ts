/** lspci's words for resizable BARs, of a function and of its virtual functions. */
import { rebar } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityView, CapabilityWriter } from '../capability-view.js';

const sizes = fieldIn(rebar, 'cap.sizes');
const largeSizes = fieldIn(rebar, 'control.large_sizes');
const bar = fieldIn(rebar, 'control.bar');
const count = fieldIn(rebar, 'control.count');
const size = fieldIn(rebar, 'control.size');

const MOST_BARS = 6;
/** Bytes of one entry: capability and control. */
const ENTRY = 8;
/** From 1 MB (0) to 8 EB (43), as the two fields of supported sizes have bits for. */
const SIZE_NAMES = Array.from(
  { length: 44 },
  (_, power) => `${2 ** (power % 10)}${['MB', 'GB', 'TB', 'PB', 'EB'][Math.floor(power / 10)] ?? ''}`,
);
/** Bits of the first of those fields. */
const SMALL_SIZES = 28;

function entry(view: CapabilityView): string {
  const [small, large] = [sizes(view), largeSizes(view)];
  let supported = '';
  SIZE_NAMES.forEach((name, power) => {
    const isSupported = power < SMALL_SIZES ? (small >>> power) & 1 : (large >>> (power - SMALL_SIZES)) & 1;
    if (isSupported === 1) supported += ` ${name}`;
  });
  const current = SIZE_NAMES[size(view)] ?? '<unknown>';
  return `\t\tBAR ${bar(view)}: current size: ${current}${supported === '' ? '' : `, supported:${supported}`}\n`;
}

function entries(view: CapabilityView): string {
  let text = '';
  let left = 1;
  for (let index = 0; left > 0; index++, left--) {
    const at = view.from(index * ENTRY);
    if (!at.has(4, ENTRY)) return `${text}\t\t<unreadable>\n`;
    if (index === 0) {
      left = count(at);
      if (left < 1 || left > MOST_BARS)
        return `\t\t<error in resizable BAR: num_bars=${left} is out of specification>\n`;
    }
    text += entry(at);
  }
  return text;
}

function resizable(kind: string): CapabilityWriter {
  const first = `${kind} Resizable BAR\n`;
  return (view) => (view.verbosity < 2 ? first : first + entries(view));
}

export const writeRebar = resizable('Physical');
export const writeVfRebar = resizable('Virtual');
