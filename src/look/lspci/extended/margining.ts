/** lspci's words for lane margining at the receiver. */
import { margining } from '../../../pci/index.js';
import { capability, flags } from '../items.js';

const table = margining.widest;

export const writeMargining = capability('Lane Margining at the Receiver', {
  bytes: [4, 4],
  lines: [
    '\t\tPortCap: ',
    flags(table, 'cap', { 'Uses Driver': 'driver' }),
    '\n\t\tPortSta: ',
    flags(table, 'status', { MargReady: 'ready', MargSoftReady: 'software_ready' }),
    '\n',
  ],
});
