/** lspci's words for the index and data pair of SATA controllers. */
import { hexDigits, sata } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityWriter } from '../capability-view.js';

const major = fieldIn(sata, 'revision.major');
const minor = fieldIn(sata, 'revision.minor');
const bar = fieldIn(sata, 'place.bar');
const offset = fieldIn(sata, 'place.offset');

/** Codes of BAR 0 to 5, and of a pair that stands behind the capability. */
const FIRST_BAR = 4;
const LAST_BAR = 9;
const IN_CONFIG = 15;

export const writeSata: CapabilityWriter = (view) => {
  const text = `SATA HBA v${major(view)}.${minor(view)}`;
  if (view.verbosity < 2 || !view.has(4, 4)) return `${text}\n`;
  const code = bar(view);
  if (code === IN_CONFIG) return `${text} InCfgSpace\n`;
  if (code < FIRST_BAR || code > LAST_BAR) return `${text} BAR??${code}\n`;
  return `${text} BAR${code - FIRST_BAR} Offset=${hexDigits(offset(view), 8)}\n`;
};
