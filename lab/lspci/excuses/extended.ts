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
  { field: 'pri.sta.pasid_required', until, after: 'PRISta:{…}Stopped{+}', ours: ' PASID{+}', older: '' },
  { field: 'dpc.cap.message_number', until, ours: 'IntMsgNum {d},', older: 'INT Msg #{1},' },
  ...['Requester', 'Responder', 'Root'].map((word): Excuse => ({
    field: `ptm.cap.${word.toLowerCase()}`,
    until,
    after: 'PTMCap:{…} ',
    ours: `${word}{+}`,
    older: `${word}:{1}`,
  })),
  { field: 'ptm.ctl.enable', until, after: 'PTMControl: ', ours: 'Enabled{+}', older: 'Enabled:{1}' },
  {
    field: 'ptm.ctl.root_select',
    until,
    after: 'PTMControl:{…} ',
    ours: 'RootSelected{+}',
    older: 'RootSelected:{1}',
  },
];
