/** Register table of the null capability: a place in the list that holds nothing. */
import { capabilityList } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const nullCapability: RegisterTable = {
  name: 'null',
  title: 'Null',
  source: 'PCI Express Base 6.0, 7.9.28.1',
  registers: [capabilityList()],
};
