/** lspci's lines of virtual channels. */
import { virtualChannel, VC_START, VC_STRIDE } from '../../../pci/index.js';
import type { CapabilityWriter } from '../capability-view.js';
import { capability, fieldIn, flag, flags, joined, shown, type Item } from '../items.js';
import { hex2 } from '../number-text.js';

const table = virtualChannel;

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

const extended = fieldIn(table, 'portcap1.extended');
const arbitrationTable = fieldIn(table, 'portcap2.table');

const port = capability('Virtual Channel', {
  bytes: PORT_BYTES,
  lines: [
    '\t\tCaps:\tLPEVC=',
    shown(fieldIn(table, 'portcap1.low_priority'), String),
    ' RefClk=',
    shown(fieldIn(table, 'portcap1.clock'), named(['100ns'])),
    ' PATEntryBits=',
    shown(fieldIn(table, 'portcap1.entry'), (value) => String(1 << value)),
    '\n\t\tArb:\t',
    flags(table, 'portcap2', { Fixed: 'fixed', WRR32: 'wrr32', WRR64: 'wrr64', WRR128: 'wrr128' }),
    unnamed(0x08, 4),
    '\n\t\tCtrl:\tArbSelect=',
    shown(fieldIn(table, 'portctl.arbitration'), named(PORT_SELECT)),
    '\n\t\tStatus:\t',
    flag(fieldIn(table, 'portsta.table_changed'), 'InProgress'),
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
  shown(fieldIn(table, 'cap.table'), hex2),
  ' MaxTimeSlots=',
  shown(fieldIn(table, 'cap.time_slots'), (value) => String(value + 1)),
  ' ',
  flag(fieldIn(table, 'cap.reject_snoop'), 'RejSnoopTrans'),
  '\n\t\t\tArb:\t',
  flags(table, 'cap', {
    Fixed: 'fixed',
    WRR32: 'wrr32',
    WRR64: 'wrr64',
    WRR128: 'wrr128',
    TWRR128: 'twrr128',
    WRR256: 'wrr256',
  }),
  unnamed(VC_START, 6),
  '\n\t\t\tCtrl:\t',
  flag(fieldIn(table, 'ctl.enable'), 'Enable'),
  ' ID=',
  shown(fieldIn(table, 'ctl.id'), String),
  ' ArbSelect=',
  shown(fieldIn(table, 'ctl.arbitration'), named(CHANNEL_SELECT)),
  ' TC/VC=',
  shown(fieldIn(table, 'ctl.traffic_classes'), hex2),
  '\n\t\t\tStatus:\t',
  flags(table, 'sta', { NegoPending: 'negotiation', InProgress: 'table_changed' }),
  '\n',
  shown(fieldIn(table, 'cap.table'), (value) => (value === 0 ? '' : '\t\t\tPort Arbitration Table <?>\n')),
];

export const writeVirtualChannel: CapabilityWriter = (view, names) => {
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
