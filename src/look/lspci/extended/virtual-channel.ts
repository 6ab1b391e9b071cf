/** lspci's lines of virtual channels. */
import { vc, VC_START, VC_STRIDE } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityWriter } from '../capability-view.js';
import { capability, flag, flags, joined, shown, type Item } from '../items.js';
import { hex2 } from '../number-text.js';

const PORT_SELECT = ['Fixed', 'WRR32', 'WRR64', 'WRR128'];
const CHANNEL_SELECT = [...PORT_SELECT, 'TWRR128', 'WRR256'];

function named(names: readonly string[]): (value: number) => string {
  return (value) => names[value] ?? `??${value}`;
}

/** Bits of an arbitration capability that have no name are told only where they are set. */
function unnamed(offset: number, first: number): Item {
  return (view) => {
    const able = view.read(offset, 1);
    let text = '';
    for (let bit = first; bit < 8; bit++) if (((able >> bit) & 1) !== 0) text += ` ??${bit}+`;
    return text;
  };
}

/** Those of channel 0 must be readable too. */
const PORT_BYTES = [0x04, 0x18] as const;

const extended = fieldIn(vc, 'port_cap1.extended');
const arbitrationTable = fieldIn(vc, 'port_cap2.table');

const port = capability('Virtual Channel', {
  bytes: PORT_BYTES,
  lines: [
    '\t\tCaps:\tLPEVC=',
    shown(fieldIn(vc, 'port_cap1.low_priority'), String),
    ' RefClk=',
    shown(fieldIn(vc, 'port_cap1.clock'), named(['100ns'])),
    ' PATEntryBits=',
    shown(fieldIn(vc, 'port_cap1.entry'), (value) => String(1 << value)),
    '\n\t\tArb:\t',
    flags(vc, 'port_cap2', { Fixed: 'fixed', WRR32: 'wrr32', WRR64: 'wrr64', WRR128: 'wrr128' }),
    unnamed(0x08, 4),
    '\n\t\tCtrl:\tArbSelect=',
    shown(fieldIn(vc, 'port_control.arbitration'), named(PORT_SELECT)),
    '\n\t\tStatus:\t',
    flag(fieldIn(vc, 'port_status.table_changed'), 'InProgress'),
    '\n',
    (view) => {
      const offset = arbitrationTable(view) * 16;
      return offset === 0 ? '' : `\t\tPort Arbitration Table [${(view.base + offset).toString(16)}] <?>\n`;
    },
  ],
});

/** Of one channel; its registers are those of channel 0, from where the channel's own stand. */
const channel: readonly Item[] = [
  'Caps:\tPATOffset=',
  shown(fieldIn(vc, 'cap.table'), hex2),
  ' MaxTimeSlots=',
  shown(fieldIn(vc, 'cap.time_slots'), (value) => String(value + 1)),
  ' ',
  flag(fieldIn(vc, 'cap.reject_snoop'), 'RejSnoopTrans'),
  '\n\t\t\tArb:\t',
  flags(vc, 'cap', {
    Fixed: 'fixed',
    WRR32: 'wrr32',
    WRR64: 'wrr64',
    WRR128: 'wrr128',
    TWRR128: 'twrr128',
    WRR256: 'wrr256',
  }),
  unnamed(VC_START, 6),
  '\n\t\t\tCtrl:\t',
  flag(fieldIn(vc, 'control.enable'), 'Enable'),
  ' ID=',
  shown(fieldIn(vc, 'control.id'), String),
  ' ArbSelect=',
  shown(fieldIn(vc, 'control.arbitration'), named(CHANNEL_SELECT)),
  ' TC/VC=',
  shown(fieldIn(vc, 'control.traffic_classes'), hex2),
  '\n\t\t\tStatus:\t',
  flags(vc, 'status', { NegoPending: 'negotiation', InProgress: 'table_changed' }),
  '\n',
  shown(fieldIn(vc, 'cap.table'), (value) => (value === 0 ? '' : '\t\t\tPort Arbitration Table <?>\n')),
];

export const writeVc: CapabilityWriter = (view, names) => {
  let text = port(view, names);
  if (view.verbosity < 2 || !view.has(...PORT_BYTES)) return text;
  const last = extended(view);
  for (let index = 0; index <= last; index++) {
    const start = index * VC_STRIDE;
    text += `\t\tVC${index}:\t`;
    text += view.has(VC_START + start, VC_STRIDE) ? joined(channel, view.from(start)) : '<unreadable>\n';
  }
  return text;
};
