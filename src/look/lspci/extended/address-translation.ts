/** lspci's lines of a device that translates addresses itself: ATS, page requests, and PASIDs. */
import { addressTranslation, pageRequest, pasid } from '../../../pci/index.js';
import { capability, fieldIn, flag, flags, registerIn, shown } from '../items.js';
import { hex2, hex8 } from '../number-text.js';

export const writeAddressTranslation = capability('Address Translation Service (ATS)', {
  bytes: [0x04, 4],
  lines: [
    '\t\tATSCap:\tInvalidate Queue Depth: ',
    shown(fieldIn(addressTranslation, 'cap.queue_depth'), hex2),
    '\n\t\tATSCtl:\t',
    flag(fieldIn(addressTranslation, 'ctl.enable'), 'Enable'),
    ', Smallest Translation Unit: ',
    shown(fieldIn(addressTranslation, 'ctl.smallest_unit'), hex2),
    '\n',
  ],
});

export const writePageRequest = capability('Page Request Interface (PRI)', {
  bytes: [0x04, 12],
  lines: [
    '\t\tPRICtl: ',
    flags(pageRequest, 'ctl', { Enable: 'enable', Reset: 'reset' }),
    '\n\t\tPRISta: ',
    flags(pageRequest, 'sta', {
      RF: 'response_failure',
      UPRGI: 'unexpected_index',
      Stopped: 'stopped',
      PASID: 'pasid_required',
    }),
    '\n\t\tPage Request Capacity: ',
    shown(registerIn(pageRequest, 'capacity'), hex8),
    ', Page Request Allocation: ',
    shown(registerIn(pageRequest, 'allocation'), hex8),
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
    flags(pasid, 'ctl', { Enable: 'enable', Exec: 'execute', Priv: 'privileged' }),
    '\n',
  ],
});
