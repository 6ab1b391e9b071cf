/** lspci's lines of a device that translates addresses itself: ATS, page requests, and PASIDs. */
import { ats, pri, pasid } from '../../../pci/index.js';
import { fieldIn, registerIn } from '../../field-reader.js';
import { capability, flag, flags, shown } from '../items.js';
import { hex2, hex8 } from '../number-text.js';

export const writeAts = capability('Address Translation Service (ATS)', {
  bytes: [0x04, 4],
  lines: [
    '\t\tATSCap:\tInvalidate Queue Depth: ',
    shown(fieldIn(ats, 'cap.queue_depth'), hex2),
    '\n\t\tATSCtl:\t',
    flag(fieldIn(ats, 'control.enable'), 'Enable'),
    ', Smallest Translation Unit: ',
    shown(fieldIn(ats, 'control.smallest_unit'), hex2),
    '\n',
  ],
});

export const writePri = capability('Page Request Interface (PRI)', {
  bytes: [0x04, 12],
  lines: [
    '\t\tPRICtl: ',
    flags(pri, 'control', { Enable: 'enable', Reset: 'reset' }),
    '\n\t\tPRISta: ',
    flags(pri, 'status', {
      RF: 'response_failure',
      UPRGI: 'unexpected_index',
      Stopped: 'stopped',
      PASID: 'pasid_required',
    }),
    '\n\t\tPage Request Capacity: ',
    shown(registerIn(pri, 'capacity'), hex8),
    ', Page Request Allocation: ',
    shown(registerIn(pri, 'allocation'), hex8),
    '\n',
  ],
});

export const writePasid = capability('Process Address Space ID (PASID)', {
  bytes: [0x04, 4],
  lines: [
    '\t\tPASIDCap: ',
    flags(pasid, 'cap', { Exec: 'execute', Priv: 'privileged' }),
    ', Max PASID Width: ',
    shown(fieldIn(pasid, 'cap.width'), hex2),
    '\n\t\tPASIDCtl: ',
    flags(pasid, 'control', { Enable: 'enable', Exec: 'execute', Priv: 'privileged' }),
    '\n',
  ],
});
