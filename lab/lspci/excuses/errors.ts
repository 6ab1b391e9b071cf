/** Excuses of Advanced Error Reporting: older ones know fewer errors, and need one line for them. */
import type { Excuse } from '../excuse.js';

const until = '3.9.0';

const uncorrectable = { UESta: 'uncorrectable', UEMsk: 'uncorrectable_mask', UESvrt: 'severity' };
const correctable = { CESta: 'correctable', CEMsk: 'correctable_mask' };

export const errorExcuses: readonly Excuse[] = [
  ...Object.entries(uncorrectable).flatMap(([line, register]): Excuse[] => [
    {
      field: `aer.${register}`,
      until,
      after: `${line}:{…}\n\t\t\tECRC{+} UnsupReq{+} ACSViol{+}`,
      ours:
        ' UncorrIntErr{+} BlockedTLP{+} AtomicOpBlocked{+} TLPBlockedErr{+}' +
        '\n\t\t\tPoisonTLPBlocked{+} DMWrReqBlocked{+} IDECheck{+} MisIDETLP{+} PCRC_CHECK{+} TLPXlatBlocked{+}',
      older: '',
    },
    {
      field: `aer.${register}.ecrc`,
      until,
      after: `${line}:{…}`,
      ours: '\n\t\t\tECRC{+}',
      older: ' ECRC{1}',
    },
  ]),
  ...Object.entries(correctable).map(([line, register]): Excuse => ({
    field: `aer.${register}`,
    until,
    after: `${line}:{…} AdvNonFatalErr{+}`,
    ours: ' CorrIntErr{+} HeaderOF{+}',
    older: '',
  })),
  { field: 'aer.root_status.message_number', until, ours: ' IntMsgNum {d}', older: ' IntMsg {1}' },
];
