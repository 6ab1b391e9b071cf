/** lspci's line of the device serial number. */
import type { CapabilityWriter } from '../capability-view.js';
import { hex2 } from '../number-text.js';

/** Where the lower half stands; the upper one is behind it. */
const LOW = 0x04;

export const writeDsn: CapabilityWriter = (view) => {
  // Nothing at all, not even the end of the line.
  if (!view.has(LOW, 8)) return '';
  // The byte of the highest address comes first.
  let text = 'Device Serial Number ';
  for (let byte = 7; byte > 0; byte--) text += `${hex2(view.read(LOW + byte, 1))}-`;
  return `${text}${hex2(view.read(LOW, 1))}\n`;
};
