/** Excuses of the PCI Express capability. */
import type { Excuse } from '../excuse.js';

const until = '3.9.0';

/** Older ones have some fields of Device Control 2 on its first line. */
const movedBehind = 'DevCtl2: Completion Timeout: {…}, TimeoutDis{+}';

export const expressExcuses: readonly Excuse[] = [
  { field: 'pcie.flags.message_number', until, ours: ', IntMsgNum {d}', older: ', MSI {1:02x}' },
  { field: 'pcie.devcap.tee_io', until, ours: ' TEE-IO{+}', older: '' },
  { field: 'pcie.lnkctl.disable', until, ours: ' LnkDisable{+}', older: ' Disabled{1}' },
  { field: 'pcie.devctl2.prefix_block', until, ours: ', EETLPPrefixBlk{+}', older: ',' },
  {
    field: 'pcie.devctl2.obff',
    until,
    after: '\n\t\t\t 10BitTagReq{+}',
    ours: ' OBFF {Disabled|Via message A|Via message B|Via WAKE#},',
    older: ' OBFF {1},',
    movedBehind,
  },
  {
    field: 'pcie.devctl2.tag10_requester',
    until,
    after: 'EmergencyPowerReductionReq{+}',
    ours: '\n\t\t\t 10BitTagReq{+}',
    older: ' 10BitTagReq{1}',
    movedBehind,
  },
  {
    field: 'pcie.devctl2.emergency_power_request',
    until,
    ours: ' EmergencyPowerReductionReq{+}',
    older: '',
  },
  {
    field: 'pcie.devctl2.ltr',
    until,
    after: 'IDOCompl{+}',
    ours: ' LTR{+}',
    older: ' LTR{1}',
    movedBehind,
  },
  { field: 'pcie.devctl2.ido_request', until, ours: '\n\t\t\t IDOReq{+}', older: '' },
  { field: 'pcie.devctl2.ido_completion', until, ours: ' IDOCompl{+}', older: '' },
  { field: 'pcie.lnkcap2.speed_64', until, ours: 'Speeds: 2.5-64GT/s', older: 'Speeds: RsvdP' },
];
