/** lspci's lines of single root I/O virtualization. */
import { sriov } from '../../../pci/index.js';
import { fieldIn, registerIn } from '../../field-reader.js';
import type { CapabilityView } from '../capability-view.js';
import { capability, flag, flags, shown } from '../items.js';
import { hex2, hex4, hex8 } from '../number-text.js';

const number = (name: string) => shown(registerIn(sriov, name), String);
const eight = (name: string) => shown(registerIn(sriov, name), hex8);

const FIRST_BAR = 0x24;
const BARS = 6;
const ALL_ONES = 0xffffffff;
const TYPE = 6;
const TYPE_64 = 4;
const PREFETCHABLE = 8;

/** Each BAR that is not empty; one of 64 bits takes the next one's register, were it the last. */
function regions(view: CapabilityView): string {
  let text = '';
  for (let bar = 0; bar < BARS; bar++) {
    const low = view.read(FIRST_BAR + bar * 4, 4);
    if (low === 0 || low === ALL_ONES) continue;
    const prefetchable = (low & PREFETCHABLE) !== 0 ? 'prefetchable' : 'non-prefetchable';
    // Every type that is not the one of 32 bits is called the other; only the right one has an upper half.
    const width = (low & TYPE) === 0 ? 32 : 64;
    text += `\t\tRegion ${bar}: Memory at `;
    if ((low & TYPE) === TYPE_64) text += hex8(view.read(FIRST_BAR + ++bar * 4, 4));
    text += `${hex8(low & ~0xf)} (${width}-bit, ${prefetchable})\n`;
  }
  return text;
}

export const writeSriov = capability('Single Root I/O Virtualization (SR-IOV)', {
  bytes: [0x04, 0x3c],
  lines: [
    '\t\tIOVCap:\t',
    flags(sriov, 'cap', { Migration: 'migration', '10BitTagReq': 'tag10' }),
    ' IntMsgNum ',
    shown(fieldIn(sriov, 'cap.message_number'), String),
    '\n\t\tIOVCtl:\t',
    flags(sriov, 'control', {
      Enable: 'enable',
      Migration: 'migration',
      Interrupt: 'migration_interrupt',
      MSE: 'memory',
      ARIHierarchy: 'ari',
      '10BitTagReq': 'tag10',
    }),
    '\n\t\tIOVSta:\t',
    flag(fieldIn(sriov, 'status.migration'), 'Migration'),
    '\n\t\tInitial VFs: ',
    number('initial_vfs'),
    ', Total VFs: ',
    number('total_vfs'),
    ', Number of VFs: ',
    number('num_vfs'),
    ', Function Dependency Link: ',
    shown(registerIn(sriov, 'dependency'), hex2),
    '\n\t\tVF offset: ',
    number('first_vf'),
    ', stride: ',
    number('stride'),
    ', Device ID: ',
    shown(registerIn(sriov, 'device'), hex4),
    '\n\t\tSupported Page Size: ',
    eight('supported_pages'),
    ', System Page Size: ',
    eight('page'),
    '\n',
    regions,
    '\t\tVF Migration: offset: ',
    shown(fieldIn(sriov, 'migration_state.offset'), (value) => hex8(value << 3)),
    ', BIR: ',
    shown(fieldIn(sriov, 'migration_state.bir'), String),
    '\n',
  ],
});
