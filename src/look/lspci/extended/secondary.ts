/** lspci's lines of Secondary PCI Express. */
import { secondary } from '../../../pci/index.js';
import type { CapabilityView } from '../capability-view.js';
import { capability, flags } from '../items.js';

/** Lanes whose errors are told. */
const LANES = 16;

function laneErrors(view: CapabilityView): string {
  const errors = view.read(0x08, 2);
  if (errors === 0) return '0';
  let text = 'LaneErr at lane:';
  for (let lane = 0; lane < LANES; lane++) if (((errors >> lane) & 1) !== 0) text += ` ${lane}`;
  return text;
}

export const writeSecondary = capability('Secondary PCI Express', {
  bytes: [0x04, 12],
  lines: [
    '\t\tLnkCtl3: ',
    flags(secondary.widest, 'lnkctl3', {
      LnkEquIntrruptEn: 'equalization_interrupt',
      PerformEqu: 'perform_equalization',
    }),
    '\n\t\tLaneErrStat: ',
    laneErrors,
    '\n',
  ],
});
