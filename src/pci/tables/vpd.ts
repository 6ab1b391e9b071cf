/** Register table of the vital product data capability; the data itself is read through it. */
import { bits, capabilityList, flag, hex, register, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const vpd: RegisterTable = {
  name: 'vpd',
  title: 'Vital Product Data',
  source: 'PCI Local Bus 3.0, 6.4 and appendix I; PCI Express Base 6.0, 7.9.18',
  window: true,
  registers: [
    capabilityList(),
    register(2, 2, 'address', 'VPD address', [
      bits(14, 0, 'offset', 'Offset in the data', 'rw', hex()),
      // Set by software: write the data register to the device. Clear: read; the device sets it when done.
      flag(15, 'flag', 'Direction and completion', 'rw'),
    ]),
    whole(4, 4, 'data', 'VPD data', 'rw'),
  ],
};
