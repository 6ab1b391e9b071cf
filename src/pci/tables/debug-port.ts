/** Register table of the debug port capability of USB host controllers. */
import { bits, capabilityList, hex, register } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const debugPort: RegisterTable = {
  name: 'debug',
  title: 'Debug Port',
  source: 'EHCI 1.0, appendix C.2',
  registers: [
    capabilityList(),
    register(2, 2, 'place', 'Where the debug port stands', [
      bits(12, 0, 'offset', 'Offset in the BAR', 'ro', hex()),
      bits(15, 13, 'bar', 'BAR, counted from 1'),
    ]),
  ],
};
