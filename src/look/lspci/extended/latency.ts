/** lspci's lines of times: tolerated latency, L1 substates, and precise time. */
import { l1ss, ltr, ptm } from '../../../pci/index.js';
import { fieldIn, type FieldReader } from '../../field-reader.js';
import type { CapabilityView } from '../capability-view.js';
import { capability, flags, shown, type Item } from '../items.js';

/** A latency; scales that the specification has not are shifted as a processor shifts, by their low five bits. */
function latency(register: string): Item {
  const value = fieldIn(ltr, `${register}.value`);
  const scale = fieldIn(ltr, `${register}.scale`);
  return (view) => `${value(view) * (1 << (5 * scale(view)))}ns`;
}

export const writeLtr = capability('Latency Tolerance Reporting', {
  bytes: [0x04, 4],
  lines: [
    '\t\tMax snoop latency: ',
    latency('snoop'),
    '\n\t\tMax no snoop latency: ',
    latency('no_snoop'),
    '\n',
  ],
});

const SUBSTATES = {
  'PCI-PM_L1.2': 'pcipm_l12',
  'PCI-PM_L1.1': 'pcipm_l11',
  'ASPM_L1.2': 'aspm_l12',
  'ASPM_L1.1': 'aspm_l11',
};
const POWER_ON_SCALE = [2, 10, 100];
const GREATEST_SCALE = 5;

function powerOn(register: string): (view: CapabilityView) => string {
  const value = fieldIn(l1ss, `${register}.power_on`);
  const scale = fieldIn(l1ss, `${register}.power_on_scale`);
  return (view) => {
    const times = POWER_ON_SCALE[scale(view)];
    return times === undefined ? '<error>' : `${value(view) * times}us`;
  };
}

const pciPmL12 = fieldIn(l1ss, 'cap.pcipm_l12');
const aspmL12 = fieldIn(l1ss, 'cap.aspm_l12');
const portRestore = fieldIn(l1ss, 'cap.common_mode_restore');
const portPowerOn = powerOn('cap');
const restore = fieldIn(l1ss, 'control1.common_mode_restore');
const threshold = fieldIn(l1ss, 'control1.threshold');
const thresholdScale = fieldIn(l1ss, 'control1.threshold_scale');
const linkPowerOn = powerOn('control2');

function hasL12(view: CapabilityView): boolean {
  return pciPmL12(view) !== 0 || aspmL12(view) !== 0;
}

function thresholdText(view: CapabilityView): string {
  if (aspmL12(view) === 0) return '';
  const scale = thresholdScale(view);
  const time = scale > GREATEST_SCALE ? '<error>' : `${threshold(view) * 32 ** scale}ns`;
  return ` LTR1.2_Threshold=${time}`;
}

export const writeL1ss = capability('L1 PM Substates', {
  bytes: [0x04, 12],
  unreadable: '\t\t<unreadable>\n',
  lines: [
    '\t\tL1SubCap: ',
    flags(l1ss, 'cap', { ...SUBSTATES, L1_PM_Substates: 'supported' }),
    '\n',
    (view) =>
      hasL12(view)
        ? `\t\t\t  PortCommonModeRestoreTime=${portRestore(view)}us PortTPowerOnTime=${portPowerOn(view)}\n`
        : '',
    '\t\tL1SubCtl1: ',
    flags(l1ss, 'control1', SUBSTATES),
    '\n',
    (view) => (hasL12(view) ? `\t\t\t   T_CommonMode=${restore(view)}us${thresholdText(view)}\n` : ''),
    '\t\tL1SubCtl2:',
    (view) => (hasL12(view) ? ` T_PwrOn=${linkPowerOn(view)}\n` : '\n'),
  ],
});

/** @param zero what a granularity of 0 is. */
function granularity(field: FieldReader, zero: string): Item {
  return shown(field, (value) => (value === 0 ? zero : value === 0xff ? 'Greater than 254ns' : `${value}ns`));
}

export const writePtm = capability('Precision Time Measurement', {
  bytes: [0x04, 8],
  unreadable: '\t\t<unreadable>\n',
  lines: [
    '\t\tPTMCap: ',
    flags(ptm, 'cap', { Requester: 'requester', Responder: 'responder', Root: 'root' }),
    '\n\t\tPTMClockGranularity: ',
    granularity(fieldIn(ptm, 'cap.granularity'), 'Unimplemented'),
    '\n\t\tPTMControl: ',
    flags(ptm, 'control', { Enabled: 'enable', RootSelected: 'root_select' }),
    '\n\t\tPTMEffectiveGranularity: ',
    granularity(fieldIn(ptm, 'control.granularity'), 'Unknown'),
    '\n',
  ],
});
