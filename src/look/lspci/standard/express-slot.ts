/** lspci's words for the slot and root registers of PCI Express. */
import { hexDigits, pcie } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityView } from '../capability-view.js';
import { flags, joined, shown, type Item } from '../items.js';
import { slotPower } from './slot-power.js';

const INDICATORS = ['Unknown', 'On', 'Blink', 'Off'];

function indicator(field: string, label: string): Item {
  return shown(fieldIn(pcie, field), (index) => `${label} ${INDICATORS[index] ?? ''}, `);
}

const power = fieldIn(pcie, 'sltcap.power');
const powerScale = fieldIn(pcie, 'sltcap.power_scale');

const SLOT: readonly Item[] = [
  '\t\tSltCap:\t',
  flags(pcie, 'sltcap', {
    AttnBtn: 'attention_button',
    PwrCtrl: 'power_controller',
    MRL: 'mrl_sensor',
    AttnInd: 'attention_indicator',
    PwrInd: 'power_indicator',
    HotPlug: 'hot_plug',
    Surprise: 'surprise',
  }),
  shown(fieldIn(pcie, 'sltcap.number'), (number) => `\n\t\t\tSlot #${number}, PowerLimit `),
  (view) => `${slotPower(power(view), powerScale(view))}; `,
  flags(pcie, 'sltcap', { Interlock: 'interlock', NoCompl: 'no_command_completed' }),
  '\n\t\tSltCtl:\tEnable: ',
  flags(pcie, 'sltctl', {
    AttnBtn: 'attention_button',
    PwrFlt: 'power_fault',
    MRL: 'mrl_changed',
    PresDet: 'presence_changed',
    CmdCplt: 'command_completed',
    HPIrq: 'hot_plug_interrupt',
    LinkChg: 'link_changed',
  }),
  '\n\t\t\tControl: ',
  indicator('sltctl.attention_indicator', 'AttnInd'),
  indicator('sltctl.power_indicator', 'PwrInd'),
  flags(pcie, 'sltctl', { Power: 'power_off', Interlock: 'interlock' }),
  '\n\t\tSltSta:\tStatus: ',
  flags(pcie, 'sltsta', {
    AttnBtn: 'attention_button',
    PowerFlt: 'power_fault',
    MRL: 'mrl_open',
    CmdCplt: 'command_completed',
    PresDet: 'present',
    Interlock: 'interlock',
  }),
  '\n\t\t\tChanged: ',
  flags(pcie, 'sltsta', { MRL: 'mrl_changed', PresDet: 'presence_changed', LinkState: 'link_changed' }),
  '\n',
];

export function writeSlot(view: CapabilityView): string {
  return joined(SLOT, view);
}

const ROOT: readonly Item[] = [
  '\t\tRootCap: ',
  flags(pcie, 'rootcap', { CRSVisible: 'crs_visible' }),
  '\n\t\tRootCtl: ',
  flags(pcie, 'rootctl', {
    ErrCorrectable: 'correctable',
    'ErrNon-Fatal': 'non_fatal',
    ErrFatal: 'fatal',
    PMEIntEna: 'pme_interrupt',
    CRSVisible: 'crs_visible',
  }),
  shown(fieldIn(pcie, 'rootsta.pme_requester'), (id) => `\n\t\tRootSta: PME ReqID ${hexDigits(id, 4)}, `),
  flags(pcie, 'rootsta', { PMEStatus: 'pme_status', PMEPending: 'pme_pending' }),
  '\n',
];

export function writeRoot(view: CapabilityView): string {
  return joined(ROOT, view);
}
