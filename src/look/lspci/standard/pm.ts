/** lspci's words for power management. */
import { pm } from '../../../pci/index.js';
import { fieldIn, registerIn } from '../../field-reader.js';
import type { CapabilityWriter } from '../capability-view.js';
import { flags, joined, shown, type Item } from '../items.js';

const version = fieldIn(pm, 'pmc.version');
const bridge = registerIn(pm, 'bridge');
const AUX_CURRENT = [0, 55, 100, 160, 220, 270, 320, 375];

const FLAGS: readonly Item[] = [
  '\t\tFlags: ',
  flags(pm, 'pmc', { PMEClk: 'pme_clock', DSI: 'dsi', D1: 'd1', D2: 'd2' }),
  shown(fieldIn(pm, 'pmc.aux_current'), (index) => ` AuxCurrent=${AUX_CURRENT[index] ?? 0}mA PME(`),
  flags(
    pm,
    'pmc',
    { D0: 'pme_d0', D1: 'pme_d1', D2: 'pme_d2', D3hot: 'pme_d3hot', D3cold: 'pme_d3cold' },
    ',',
  ),
  ')\n',
];

const STATUS: readonly Item[] = [
  shown(fieldIn(pm, 'pmcsr.state'), (state) => `\t\tStatus: D${state} `),
  flags(pm, 'pmcsr', { NoSoftRst: 'no_soft_reset', 'PME-Enable': 'pme_enable' }),
  shown(fieldIn(pm, 'pmcsr.data_select'), (select) => ` DSel=${select}`),
  shown(fieldIn(pm, 'pmcsr.data_scale'), (scale) => ` DScale=${scale} `),
  flags(pm, 'pmcsr', { PME: 'pme_status' }),
  '\n',
];

const BRIDGE: readonly Item[] = [
  '\t\tBridge: ',
  flags(pm, 'bridge', { PM: 'bpcc' }),
  // The register tells of B2, lspci of B3.
  shown(fieldIn(pm, 'bridge.b2_b3'), (b2) => (b2 !== 0 ? ' B3-\n' : ' B3+\n')),
];

export const writePm: CapabilityWriter = (view) => {
  let text = `Power Management version ${version(view)}\n`;
  if (view.verbosity < 2) return text;
  text += joined(FLAGS, view);
  if (!view.has(4, 4)) return text;
  text += joined(STATUS, view);
  return bridge(view) === 0 ? text : text + joined(BRIDGE, view);
};
