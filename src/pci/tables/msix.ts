/** Register table of the MSI-X capability; the vector table itself lies in a BAR. */
import { bits, capabilityList, flag, hex, number, register } from '../fields.js';
import type { Field, RegisterTable } from '../registers.js';

function place(): Field[] {
  return [
    bits(2, 0, 'bar', 'BAR index'),
    // The low three bits hold the BAR, so the offset is read as if they were 0.
    bits(31, 3, 'offset', 'Offset in the BAR', 'ro', hex(3)),
  ];
}

export const msix: RegisterTable = {
  name: 'msix',
  title: 'MSI-X',
  source: 'PCI Local Bus 3.0, 6.8.2; PCI Express Base 6.0, 7.7.2',
  registers: [
    capabilityList(),
    register(2, 2, 'control', 'Message control', [
      bits(10, 0, 'size', 'Table size', 'ro', number('vectors', 1, 1)),
      flag(14, 'function_mask', 'Function mask', 'rw'),
      flag(15, 'enable', 'MSI-X enable', 'rw'),
    ]),
    register(4, 4, 'table', 'Vector table', place()),
    register(8, 4, 'pba', 'Pending bit array', place()),
  ],
};
