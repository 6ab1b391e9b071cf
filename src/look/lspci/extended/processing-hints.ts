/** lspci's lines of processing hints. */
import { tph } from '../../../pci/index.js';
import { fieldIn, type FieldReader } from '../../field-reader.js';
import type { CapabilityView } from '../capability-view.js';
import { capability, shown } from '../items.js';

const table = tph;

function line(field: FieldReader, words: string) {
  return (view: CapabilityView) => (field(view) !== 0 ? `\t\t${words}\n` : '');
}

const LOCATIONS = [
  'No steering table available',
  'Steering table in TPH capability structure',
  'Steering table in MSI-X table',
  'Reserved steering table location',
];

export const writeTph = capability('Transaction Processing Hints', {
  bytes: [0x04, 4],
  lines: [
    line(fieldIn(table, 'cap.interrupt_vector'), 'Interrupt vector mode supported'),
    line(fieldIn(table, 'cap.device_specific'), 'Device specific mode supported'),
    line(fieldIn(table, 'cap.extended'), 'Extended requester support'),
    shown(fieldIn(table, 'cap.table'), (where) => `\t\t${LOCATIONS[where] ?? ''}\n`),
  ],
});
