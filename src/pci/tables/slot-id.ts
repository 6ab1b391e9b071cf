/** Register table of the slot identification capability of a bridge with an expansion chassis. */
import { bits, capabilityList, flag, hex, register, sticky } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const slotid: RegisterTable = {
  name: 'slotid',
  title: 'Slot Identification',
  source: 'PCI-to-PCI Bridge Architecture 1.2, 13',
  registers: [
    capabilityList(),
    register(2, 1, 'expansion', 'Expansion slot', [
      bits(4, 0, 'slots', 'Expansion slots'),
      flag(5, 'first', 'First bridge of its chassis'),
    ]),
    register(3, 1, 'chassis', 'Chassis number', [sticky(bits(7, 0, '', 'Chassis number', 'rw', hex()))]),
  ],
};
