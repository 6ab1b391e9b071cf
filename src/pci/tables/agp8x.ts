/** Register table of the AGP 8x capability of a host bridge: it says that it is there, and no more. */
import { capabilityList } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const agp8x: RegisterTable = {
  name: 'agp8x',
  title: 'AGP 8x',
  source: 'PCI Code and ID Assignment, 2',
  registers: [capabilityList()],
};
