/** Register table of the advanced features capability: a reset for functions without PCI Express. */
import { capabilityList, flag, number, register, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const af: RegisterTable = {
  name: 'af',
  title: 'Advanced Features',
  source: 'PCI-SIG, ECN Advanced Capabilities for Conventional PCI; PCI Express Base 6.0, 7.9.22',
  registers: [
    capabilityList(),
    whole(2, 1, 'length', 'Length of the capability', 'ro', number('bytes')),
    register(3, 1, 'cap', 'Advanced features', [
      flag(0, 'pending', 'Transactions pending is told'),
      flag(1, 'flr', 'Function level reset'),
    ]),
    register(4, 1, 'control', 'Control', [flag(0, 'flr', 'Initiate function level reset', 'wo')]),
    register(5, 1, 'status', 'Status', [flag(0, 'pending', 'Transactions pending')]),
  ],
};
