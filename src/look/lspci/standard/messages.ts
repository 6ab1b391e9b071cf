/** lspci's words for MSI and MSI-X. */
import { msi, msix } from '../../../pci/index.js';
import { fieldIn, registerIn } from '../../field-reader.js';
import type { CapabilityWriter } from '../capability-view.js';
import { flags, joined, shown, type Item } from '../items.js';
import { hex4, hex8 } from '../number-text.js';

const isWide = fieldIn(msi, 'control.address64');
const isMaskable = fieldIn(msi, 'control.maskable');
const granted = fieldIn(msi, 'control.multiple_enable');
const requested = fieldIn(msi, 'control.multiple_capable');

const MSI_LINE: readonly Item[] = [
  'MSI: ',
  flags(msi, 'control', { Enable: 'enable' }),
  (view) => ` Count=${1 << granted(view)}/${1 << requested(view)} `,
  flags(msi, 'control', { Maskable: 'maskable', '64bit': 'address64' }),
  '\n',
];

const address = registerIn(msi, 'address');

/** Data and the masks stand 4 bytes further where the address has an upper half. */
export const writeMsi: CapabilityWriter = (view) => {
  let text = joined(MSI_LINE, view);
  const upper = isWide(view) !== 0 ? 4 : 0;
  if (view.verbosity < 2 || !view.has(4, 6 + upper)) return text;
  const high = upper === 0 ? '' : hex8(view.read(8, 4));
  text += `\t\tAddress: ${high}${hex8(address(view))}  Data: ${hex4(view.read(8 + upper, 2))}\n`;
  if (isMaskable(view) === 0 || !view.has(0xc + upper, 8)) return text;
  const mask = hex8(view.read(0xc + upper, 4));
  return `${text}\t\tMasking: ${mask}  Pending: ${hex8(view.read(0x10 + upper, 4))}\n`;
};

function place(register: 'table' | 'pba'): Item {
  const bar = fieldIn(msix, `${register}.bar`);
  const offset = fieldIn(msix, `${register}.offset`);
  return (view) => `BAR=${bar(view)} offset=${hex8((offset(view) << 3) >>> 0)}\n`;
}

const MSIX_LINE: readonly Item[] = [
  'MSI-X: ',
  flags(msix, 'control', { Enable: 'enable' }),
  shown(fieldIn(msix, 'control.size'), (size) => ` Count=${size + 1} `),
  flags(msix, 'control', { Masked: 'function_mask' }),
  '\n',
];

const MSIX_PLACES: readonly Item[] = ['\t\tVector table: ', place('table'), '\t\tPBA: ', place('pba')];

export const writeMsix: CapabilityWriter = (view) => {
  const text = joined(MSIX_LINE, view);
  return view.verbosity < 2 || !view.has(4, 8) ? text : text + joined(MSIX_PLACES, view);
};
