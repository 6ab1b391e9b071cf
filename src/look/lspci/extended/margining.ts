/** lspci's words for lane margining at the receiver. */
import { laneMargining } from '../../../pci/index.js';
import { capability, flags } from '../items.js';

export const margining = capability('Lane Margining at the Receiver', {
  bytes: [4, 4],
  lines: [
    '\t\tPortCap: ',
    flags(laneMargining, 'cap', { 'Uses Driver': 'driver' }),
    '\n\t\tPortSta: ',
    flags(laneMargining, 'status', { MargReady: 'ready', MargSoftReady: 'software_ready' }),
    '\n',
  ],
});
