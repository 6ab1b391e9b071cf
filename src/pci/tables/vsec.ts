/** Register table of the vendor-specific capability of the extended list: what all of them have in common. */
import { bits, extendedCapability, hex, number, register } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const vsec: RegisterTable = {
  name: 'vsec',
  title: 'Vendor-Specific Extended Capability',
  source: 'PCI Express Base 6.0, 7.9.5',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'header', 'Vendor-specific header', [
      bits(15, 0, 'id', 'VSEC ID, of the function’s vendor', 'ro', hex()),
      bits(19, 16, 'revision', 'VSEC revision'),
      bits(31, 20, 'length', 'VSEC length', 'ro', number('bytes')),
    ]),
  ],
};
