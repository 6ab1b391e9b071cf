/** Register table of the subsystem ids of a bridge. */
import { capabilityList, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const ssvid: RegisterTable = {
  name: 'ssvid',
  title: 'Bridge Subsystem ID',
  source: 'PCI-to-PCI Bridge Architecture 1.2, 3.2.5.13; PCI Express Base 6.0, 7.9.23',
  registers: [
    capabilityList(),
    whole(4, 2, 'vendor', 'Subsystem vendor ID'),
    whole(6, 2, 'id', 'Subsystem ID'),
  ],
};
