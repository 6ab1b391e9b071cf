/** lspci's words for the vendor-specific capability of the extended list. */
import { hexDigits, vsec } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityWriter } from '../capability-view.js';

const id = fieldIn(vsec, 'header.id');
const revision = fieldIn(vsec, 'header.revision');
const length = fieldIn(vsec, 'header.length');

export const writeVsec: CapabilityWriter = (view) => {
  if (!view.has(4, 4)) return 'Vendor Specific Information: <unreadable>\n';
  const size = hexDigits(length(view), 3);
  return `Vendor Specific Information: ID=${hexDigits(id(view), 4)} Rev=${revision(view)} Len=${size} <?>\n`;
};
