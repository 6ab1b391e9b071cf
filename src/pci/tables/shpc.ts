/** Register table of the standard hot-plug controller's capability: a window onto its registers. */
import { capabilityList, flag, hex, register, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const shpc: RegisterTable = {
  name: 'shpc',
  title: 'Hot-Plug Controller',
  source: 'PCI Standard Hot-Plug Controller 1.0, 4.1',
  window: true,
  registers: [
    capabilityList(),
    whole(2, 1, 'select', 'Number of the dword that data reaches', 'rw', hex()),
    register(3, 1, 'pending', 'What the controller has pending', [
      flag(2, 'serr', 'System error'),
      flag(3, 'interrupt', 'Interrupt'),
    ]),
    whole(4, 4, 'data', 'The dword that was selected', 'rw'),
  ],
};
