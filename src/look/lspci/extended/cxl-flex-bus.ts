/** lspci's words for the DVSEC of CXL's flex bus port. */
import { cxlFlexBus, hexDigits } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import { flags, joined, shown, type Item } from '../items.js';
import { MORE, type CxlWriter } from './cxl-text.js';

/** Length of the whole capability by its revision; of later ones there is none that would be wrong. */
const LENGTHS = [0x10, 0x14, 0x20];

const PROTOCOLS = { Cache: 'cache', IO: 'io', Mem: 'mem' };
const TRAINING = { SynHdrByp: 'sync_header_bypass', DrftBuf: 'drift_buffer' };
const FLITS = { '68BFlit': 'flit68', MltLogDev: 'mld' };
const LATER_FLITS = { '256BFlit': 'flit256', PBRFlit: 'pbr_flit' };

/** Capability, control and status; from revision 2 on with two more forms of flits each. */
const REGISTERS: readonly (readonly [label: string, register: string, fields: Record<string, string>])[] = [
  ['FBCap', 'cap', { ...PROTOCOLS, ...FLITS }],
  [
    'FBCtl',
    'control',
    {
      ...PROTOCOLS,
      ...TRAINING,
      ...FLITS,
      RCD: 'rcd_disable',
      Retimer1: 'retimer1',
      Retimer2: 'retimer2',
    },
  ],
  ['FBSta', 'status', { ...PROTOCOLS, ...TRAINING, ...FLITS }],
];

function registerLines(more: Readonly<Record<string, string>>): readonly Item[] {
  return REGISTERS.flatMap(([label, register, fields]) => [
    `\t\t${label}:\t`,
    flags(cxlFlexBus, register, { ...fields, ...more }),
    '\n',
  ]);
}

const EARLIER = registerLines({});
const LATER = registerLines(LATER_FLITS);

/**
 * Registers that came later: from which revision on, and at which length of the capability they are there. lspci ends
 * itself where a capability is shorter than its revision is.
 */
const ADDED: readonly { readonly revision: number; readonly length: number; readonly items: Item[] }[] = [
  {
    revision: 1,
    length: 0x14,
    items: [
      '\t\tFBModTS:\tReceived FB Data: ',
      shown(fieldIn(cxlFlexBus, 'modified_ts.data'), (data) => hexDigits(data, 6)),
      '\n',
    ],
  },
  {
    revision: 2,
    length: 0x18,
    items: ['\t\tFBCap2:\t', flags(cxlFlexBus, 'cap2', { NOPHint: 'nop_hint' }), '\n'],
  },
  {
    revision: 2,
    length: 0x1c,
    items: ['\t\tFBCtl2:\t', flags(cxlFlexBus, 'control2', { NOPHint: 'nop_hint' }), '\n'],
  },
  {
    revision: 2,
    length: 0x20,
    items: ['\t\tFBSta2:\tNOPHintInfo: ', shown(fieldIn(cxlFlexBus, 'status2.nop_hint'), String), '\n'],
  },
];

export const cxlFlexBusLines: CxlWriter = (view, { revision, length }) => {
  let text = '\t\tPCIe DVSEC for Flex Bus Port\n';
  const proper = LENGTHS[revision];
  if (proper !== undefined && length !== proper) text += `\t\t<Wrong length for Revision ${revision}>\n`;
  text += joined(revision < 2 ? EARLIER : LATER, view);
  for (const added of ADDED)
    if (revision >= added.revision && length >= added.length) text += joined(added.items, view);
  return length > 0x20 ? text + MORE : text;
};
