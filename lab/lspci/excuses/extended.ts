/** Excuses of the extended list, without error reporting. */
import type { Excuse } from '../excuse.js';

const until = '3.9.0';

export const extendedExcuses: readonly Excuse[] = [
  {
    field: 'sriov.cap.message_number',
    until,
    ours: ' IntMsgNum {d}',
    older: ' Interrupt Message Number: {1:03x}',
  },
  { field: 'pri.status.pasid_required', until, after: 'PRISta:{…}Stopped{+}', ours: ' PASID{+}', older: '' },
  { field: 'dpc.cap.message_number', until, ours: 'IntMsgNum {d},', older: 'INT Msg #{1},' },
  ...['Requester', 'Responder', 'Root'].map((word): Excuse => ({
    field: `ptm.cap.${word.toLowerCase()}`,
    until,
    after: 'PTMCap:{…} ',
    ours: `${word}{+}`,
    older: `${word}:{1}`,
  })),
  { field: 'ptm.control.enable', until, after: 'PTMControl: ', ours: 'Enabled{+}', older: 'Enabled:{1}' },
  {
    field: 'ptm.control.root_select',
    until,
    after: 'PTMControl:{…} ',
    ours: 'RootSelected{+}',
    older: 'RootSelected:{1}',
  },
  {
    field: 'doe.cap.message_number',
    until,
    ours: '\n\t\t\tIntMsgNum {d}',
    older: '\n\t\t\tInterrupt Message Number {1:03x}',
  },
  // Older ones look for the error in the bits of the other two.
  {
    field: 'doe.status.error',
    until,
    ours: '{Busy+ IntSta-|Busy- IntSta+|Busy+ IntSta+} Error-',
    older: '{1} Error+',
  },
  { field: 'doe.status.error', until, ours: 'Busy- IntSta- Error+', older: 'Busy- IntSta- Error-' },
  { field: 'margining', until, undecoded: 'Lane Margining at the Receiver <?>' },
  { field: 'phy32', until, undecoded: 'Extended Capability ID 0x2a' },
  { field: 'ide', until, undecoded: 'Extended Capability ID 0x30' },
];
