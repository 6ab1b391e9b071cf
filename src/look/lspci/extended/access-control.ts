/** lspci's lines of Access Control Services and of alternative routing IDs. */
import { acs, ari } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import { capability, flags, shown, type Item } from '../items.js';

function services(register: string): Item {
  return flags(acs, register, {
    SrcValid: 'source_validation',
    TransBlk: 'translation_blocking',
    ReqRedir: 'request_redirect',
    CmpltRedir: 'completion_redirect',
    UpstreamFwd: 'upstream_forwarding',
    EgressCtrl: 'egress_control',
    DirectTrans: 'direct_translated',
  });
}

export const writeAcs = capability('Access Control Services', {
  bytes: [0x04, 4],
  lines: ['\t\tACSCap:\t', services('cap'), '\n\t\tACSCtl:\t', services('control'), '\n'],
});

export const writeAri = capability('Alternative Routing-ID Interpretation (ARI)', {
  bytes: [0x04, 4],
  lines: [
    '\t\tARICap:\t',
    flags(ari, 'cap', { MFVC: 'mfvc', ACS: 'acs' }),
    ', Next Function: ',
    shown(fieldIn(ari, 'cap.next'), String),
    '\n\t\tARICtl:\t',
    flags(ari, 'control', { MFVC: 'mfvc', ACS: 'acs' }),
    ', Function Group: ',
    shown(fieldIn(ari, 'control.group'), String),
    '\n',
  ],
});
