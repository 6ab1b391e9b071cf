/** lspci's words for the capabilities that it tells in a line, and for one with three more. */
import { af, debugPort, hexDigits, slotid, ssvid } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityWriter } from '../capability-view.js';
import { capability, flags, joined, shown, type Item } from '../items.js';

const SLOT_ID: readonly Item[] = [
  shown(fieldIn(slotid, 'expansion.slots'), (slots) => `Slot ID: ${slots} slots, `),
  flags(slotid, 'expansion', { First: 'first' }),
  shown(fieldIn(slotid, 'chassis'), (chassis) => `, chassis ${hexDigits(chassis, 2)}\n`),
];

export const writeSlotId: CapabilityWriter = (view) => joined(SLOT_ID, view);

const DEBUG_PORT: readonly Item[] = [
  shown(fieldIn(debugPort, 'place.bar'), (bar) => `Debug port: BAR=${bar}`),
  shown(fieldIn(debugPort, 'place.offset'), (offset) => ` offset=${hexDigits(offset, 4)}\n`),
];

export const writeDebugPort: CapabilityWriter = (view) => joined(DEBUG_PORT, view);

const subsystemVendor = fieldIn(ssvid, 'vendor');
const subsystem = fieldIn(ssvid, 'id');

/** Ids that cannot be read leave the line as it began. */
export const writeSsvid: CapabilityWriter = (view, names) =>
  view.has(4, 4) ? `Subsystem: ${names.subsystem(subsystemVendor(view), subsystem(view))}\n` : '';

export const writeAf = capability('PCI Advanced Features', {
  bytes: [3, 3],
  lines: [
    '\t\tAFCap: ',
    flags(af, 'cap', { TP: 'pending', FLR: 'flr' }),
    '\n\t\tAFCtrl: ',
    flags(af, 'control', { FLR: 'flr' }),
    '\n\t\tAFStatus: ',
    flags(af, 'status', { TP: 'pending' }),
    '\n',
  ],
});
