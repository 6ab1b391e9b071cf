/** lspci's words for data object exchange. */
import { doe } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import { capability, flags } from '../items.js';

const interrupt = fieldIn(doe, 'cap.interrupt');
const messageNumber = fieldIn(doe, 'cap.message_number');

export const writeDoe = capability('Data Object Exchange', {
  bytes: [4, 0x14],
  unreadable: '\t\t<unreadable>\n',
  lines: [
    '\t\tDOECap: ',
    flags(doe, 'cap', { IntSup: 'interrupt' }),
    (view) => (interrupt(view) === 0 ? '' : `\n\t\t\tIntMsgNum ${messageNumber(view)}`),
    '\n\t\tDOECtl: ',
    flags(doe, 'control', { IntEn: 'interrupt' }),
    '\n\t\tDOESta: ',
    flags(doe, 'status', { Busy: 'busy', IntSta: 'interrupt', Error: 'error', ObjectReady: 'ready' }),
    '\n',
  ],
});
