/** lspci's lines of processing hints. */
import { processingHints } from '../../../pci/index.js';
import type { CapabilityView } from '../capability-view.js';
import { capability, fieldIn, type FieldReader } from '../items.js';

const table = processingHints;

function line(field: FieldReader, words: string) {
  return (view: CapabilityView) => (field(view) !== 0 ? `\t\t${words}\n` : '');
}

const location = fieldIn(table, 'cap.table');
const entries = fieldIn(table, 'cap.table_size');

export const writeProcessingHints = capability('Transaction Processing Hints', {
  bytes: [0x04, 4],
  lines: [
    line(fieldIn(table, 'cap.interrupt_vector'), 'Interrupt vector mode supported'),
    line(fieldIn(table, 'cap.device_specific'), 'Device specific mode supported'),
    line(fieldIn(table, 'cap.extended'), 'Extended requester support'),
    (view) => {
      switch (location(view)) {
        case 0:
          return '\t\tNo steering table available\n';
        case 1:
          return `\t\tSteering table in TPH capability structure, ${entries(view) + 1} entries\n`;
        case 2:
          return '\t\tSteering table in MSI-X table\n';
        default:
          return '\t\tReserved steering table location\n';
      }
    },
  ],
});
