/** lspci's line of the device serial number. */
import { serialNumber } from '../../../pci/index.js';
import type { CapabilityWriter } from '../capability-view.js';
import { hexDigits, registerIn } from '../items.js';

const high = registerIn(serialNumber, 'high');
const low = registerIn(serialNumber, 'low');

export const writeSerialNumber: CapabilityWriter = (view) => {
  // Nothing at all, not even the end of the line.
  if (!view.has(0x04, 8)) return '';
  const digits = hexDigits(high(view), 8) + hexDigits(low(view), 8);
  return `Device Serial Number ${digits.replace(/..(?=.)/g, '$&-')}\n`;
};
