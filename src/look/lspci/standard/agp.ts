/** lspci's words for AGP. */
import { agp } from '../../../pci/index.js';
import { fieldIn, type FieldReader } from '../../field-reader.js';
import type { CapabilityView, CapabilityWriter } from '../capability-view.js';
import { flags, joined, shown, type Item } from '../items.js';

const major = fieldIn(agp, 'revision.major');
const minor = fieldIn(agp, 'revision.minor');
const agp3 = fieldIn(agp, 'status.agp3');

/** The rates of a register; in AGP 3.0 mode the same bits stand for others. */
function rates(rate: FieldReader): Item {
  return (view) => {
    const bits = rate(view);
    const first = isAgp3(view) ? 4 : 1;
    const names = [0, 1, 2].filter((bit) => (bits & (1 << bit)) !== 0).map((bit) => `x${first << bit}`);
    return ` Rate=${names.length === 0 ? '<none>' : names.join(',')}\n`;
  };
}

function isAgp3(view: CapabilityView): boolean {
  return major(view) >= 3 && agp3(view) !== 0;
}

const LINES: readonly Item[] = [
  shown(fieldIn(agp, 'status.queue'), (queue) => `\t\tStatus: RQ=${queue + 1} `),
  flags(agp, 'status', { Iso: 'isochronous' }),
  shown(fieldIn(agp, 'status.request_size'), (size) => ` ArqSz=${size}`),
  shown(fieldIn(agp, 'status.calibration'), (cycle) => ` Cal=${cycle} `),
  flags(agp, 'status', {
    SBA: 'sideband',
    ITACoh: 'coherent',
    GART64: 'gart64',
    HTrans: 'host_translation',
    '64bit': 'over_4g',
    FW: 'fast_write',
    AGP3: 'agp3',
  }),
  rates(fieldIn(agp, 'status.rate')),
  shown(fieldIn(agp, 'command.queue'), (queue) => `\t\tCommand: RQ=${queue + 1}`),
  shown(fieldIn(agp, 'command.request_size'), (size) => ` ArqSz=${size}`),
  shown(fieldIn(agp, 'command.calibration'), (cycle) => ` Cal=${cycle} `),
  flags(agp, 'command', {
    SBA: 'sideband',
    AGP: 'enable',
    GART64: 'gart64',
    '64bit': 'over_4g',
    FW: 'fast_write',
  }),
  rates(fieldIn(agp, 'command.rate')),
];

export const writeAgp: CapabilityWriter = (view) => {
  const text = `AGP version ${major(view).toString(16)}.${minor(view).toString(16)}\n`;
  return view.verbosity < 2 || !view.has(4, 8) ? text : text + joined(LINES, view);
};
