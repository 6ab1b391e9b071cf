/** lspci's lines of Access Control Services and of alternative routing IDs. */
import { accessControl, alternativeRouting } from '../../../pci/index.js';
import { capability, fieldIn, flags, shown, type Item } from '../items.js';

function services(register: string): Item {
  return flags(accessControl, register, {
    SrcValid: 'source_validation',
    TransBlk: 'translation_blocking',
    ReqRedir: 'request_redirect',
    CmpltRedir: 'completion_redirect',
    UpstreamFwd: 'upstream_forwarding',
    EgressCtrl: 'egress_control',
    DirectTrans: 'direct_translated',
  });
}

export const writeAccessControl = capability('Access Control Services', {
  bytes: [0x04, 4],
  lines: ['\t\tACSCap:\t', services('cap'), '\n\t\tACSCtl:\t', services('ctl'), '\n'],
});

export const writeAlternativeRouting = capability('Alternative Routing-ID Interpretation (ARI)', {
  bytes: [0x04, 4],
  lines: [
    '\t\tARICap:\t',
    flags(alternativeRouting, 'cap', { MFVC: 'mfvc', ACS: 'acs' }),
    ', Next Function: ',
    shown(fieldIn(alternativeRouting, 'cap.next'), String),
    '\n\t\tARICtl:\t',
    flags(alternativeRouting, 'ctl', { MFVC: 'mfvc', ACS: 'acs' }),
    ', Function Group: ',
    shown(fieldIn(alternativeRouting, 'ctl.group'), String),
    '\n',
  ],
});
