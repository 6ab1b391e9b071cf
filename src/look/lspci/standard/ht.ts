/** lspci's words for HyperTransport's blocks, by their type. */
import { hexDigits, htMsi, htRevision } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityView, CapabilityWriter } from '../capability-view.js';
import { flags, joined, type Item } from '../items.js';
import { revisionText, writeHtPrimary, writeHtSecondary } from './ht-interfaces.js';

/** Blocks of which lspci tells no more than what they are. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x08, 'Switch'],
  [0x10, 'Interrupt Discovery and Configuration'],
  [0x12, 'UnitID Clumping'],
  [0x13, 'Extended Configuration Space Access'],
  [0x14, 'Address Mapping'],
  [0x16, 'DirectRoute'],
  [0x17, 'VCSet'],
  [0x18, 'Retry Mode'],
  [0x19, 'X86 (reserved)'],
]);
const REVISION_BLOCK = 0x11;
const MSI_BLOCK = 0x15;

const MSI_LINE: readonly Item[] = [
  'MSI Mapping ',
  flags(htMsi, 'command', { Enable: 'enable', Fixed: 'fixed' }),
  '\n',
];
const isFixed = fieldIn(htMsi, 'command.fixed');
const base = fieldIn(htMsi, 'base');
const baseUpper = fieldIn(htMsi, 'base_upper');
const revision = revisionText(htRevision);

function writeMsiMapping(view: CapabilityView): string {
  const text = joined(MSI_LINE, view);
  if (view.verbosity < 2 || isFixed(view) !== 0 || !view.has(4, 8)) return text;
  const low = hexDigits((base(view) << 20) >>> 0, 8);
  return `${text}\t\tMapping Address Base: ${hexDigits(baseUpper(view), 8)}${low}\n`;
}

function writeBlock(view: CapabilityView): string {
  const command = view.read(2, 2);
  if (command >> 13 === 0) return writeHtPrimary(view);
  if (command >> 13 === 1) return writeHtSecondary(view);
  const type = command >> 11;
  if (type === MSI_BLOCK) return writeMsiMapping(view);
  if (type === REVISION_BLOCK) return `Revision ID: ${revision(view)}\n`;
  return `${NAMES.get(type) ?? `#${hexDigits(type, 2)}`}\n`;
}

export const writeHt: CapabilityWriter = (view) => `HyperTransport: ${writeBlock(view)}`;
