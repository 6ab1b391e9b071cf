/** lspci's lines of Advanced Error Reporting. */
import { PortType, rootAer } from '../../../pci/index.js';
import { fieldIn, registerIn } from '../../field-reader.js';
import type { CapabilityWriter } from '../capability-view.js';
import { capability, flags, joined, shown, type Item } from '../items.js';
import { hex2, hex4, hex8 } from '../number-text.js';

/** Three lines of each of the registers that have a bit for each uncorrectable error. */
function uncorrectable(register: string): readonly Item[] {
  return [
    flags(rootAer, register, {
      DLP: 'data_link',
      SDES: 'surprise_down',
      TLP: 'poisoned',
      FCP: 'flow_control',
      CmpltTO: 'completion_timeout',
      CmpltAbrt: 'completer_abort',
      UnxCmplt: 'unexpected_completion',
      RxOF: 'receiver_overflow',
      MalfTLP: 'malformed',
    }),
    '\n\t\t\t',
    flags(rootAer, register, {
      ECRC: 'ecrc',
      UnsupReq: 'unsupported_request',
      ACSViol: 'acs_violation',
      UncorrIntErr: 'internal',
      BlockedTLP: 'multicast_blocked',
      AtomicOpBlocked: 'atomic_blocked',
      TLPBlockedErr: 'prefix_blocked',
    }),
    '\n\t\t\t',
    flags(rootAer, register, {
      PoisonTLPBlocked: 'poisoned_blocked',
      DMWrReqBlocked: 'deferrable_write_blocked',
      IDECheck: 'ide_check',
      MisIDETLP: 'ide_misrouted',
      PCRC_CHECK: 'pcrc_check',
      TLPXlatBlocked: 'translation_blocked',
    }),
    '\n',
  ];
}

function correctable(register: string): Item {
  return flags(rootAer, register, {
    RxErr: 'receiver',
    BadTLP: 'bad_tlp',
    BadDLLP: 'bad_dllp',
    Rollover: 'replay_rollover',
    Timeout: 'replay_timeout',
    AdvNonFatalErr: 'advisory',
    CorrIntErr: 'corrected_internal',
    HeaderOF: 'header_overflow',
  });
}

const dword = (name: string) => shown(registerIn(rootAer, name), hex8);
const word = (name: string) => shown(registerIn(rootAer, name), hex4);

const device = capability('Advanced Error Reporting', {
  bytes: [0x04, 0x28],
  lines: [
    '\t\tUESta:\t',
    ...uncorrectable('uncorrectable'),
    '\t\tUEMsk:\t',
    ...uncorrectable('uncorrectable_mask'),
    '\t\tUESvrt:\t',
    ...uncorrectable('severity'),
    '\t\tCESta:\t',
    correctable('correctable'),
    '\n\t\tCEMsk:\t',
    correctable('correctable_mask'),
    '\n\t\tAERCap:\tFirst Error Pointer: ',
    shown(fieldIn(rootAer, 'control.first_error'), hex2),
    ', ',
    flags(rootAer, 'control', {
      ECRCGenCap: 'ecrc_generation_capable',
      ECRCGenEn: 'ecrc_generation',
      ECRCChkCap: 'ecrc_check_capable',
      ECRCChkEn: 'ecrc_check',
    }),
    '\n\t\t\t',
    flags(rootAer, 'control', {
      MultHdrRecCap: 'multiple_headers_capable',
      MultHdrRecEn: 'multiple_headers',
      TLPPfxPres: 'prefix_present',
      HdrLogCap: 'timeout_header_capable',
    }),
    '\n\t\tHeaderLog: ',
    dword('header0'),
    ' ',
    dword('header1'),
    ' ',
    dword('header2'),
    ' ',
    dword('header3'),
    '\n',
  ],
});

const root: readonly Item[] = [
  '\t\tRootCmd: ',
  flags(rootAer, 'root_command', { CERptEn: 'correctable', NFERptEn: 'non_fatal', FERptEn: 'fatal' }),
  '\n\t\tRootSta: ',
  flags(rootAer, 'root_status', {
    CERcvd: 'correctable',
    MultCERcvd: 'correctable_multiple',
    UERcvd: 'uncorrectable',
    MultUERcvd: 'uncorrectable_multiple',
  }),
  '\n\t\t\t ',
  flags(rootAer, 'root_status', {
    FirstFatal: 'first_fatal',
    NonFatalMsg: 'non_fatal',
    FatalMsg: 'fatal',
  }),
  ' IntMsgNum ',
  shown(fieldIn(rootAer, 'root_status.message_number'), String),
  '\n\t\tErrorSrc: ERR_COR: ',
  word('correctable_source'),
  ' ERR_FATAL/NONFATAL: ',
  word('uncorrectable_source'),
  '\n',
];

export const writeAer: CapabilityWriter = (view, names) => {
  const text = device(view, names);
  const isRoot = view.portType === PortType.rootPort || view.portType === PortType.eventCollector;
  return isRoot && view.verbosity >= 2 && view.has(0x2c, 12) ? text + joined(root, view) : text;
};
