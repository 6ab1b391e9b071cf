/** Register table of shadow functions: other functions' requester ids that a function may use for its requests. */
import { bits, extendedCapability, flag, hex, number, placed, register } from '../fields.js';
import type { RegisterTable } from '../registers.js';

const FIRST = 0x0c;

export const shadow: RegisterTable = {
  name: 'shadow',
  title: 'Shadow Functions',
  source: 'PCI Express Base 6.0, 7.9.25',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'Shadow functions capability', [
      bits(7, 0, 'count', 'Number of shadow functions', 'ro', number('functions', 1, 1)),
    ]),
    register(0x08, 4, 'control', 'Shadow functions control', [
      flag(0, 'enable', 'Shadow functions enable', 'rw'),
    ]),
    placed(
      register(FIRST, 4, 'instance', 'Shadow function instance', [
        bits(15, 0, 'offset', 'Added to the function’s own requester ID', 'ro', hex()),
      ]),
      256,
      4,
      (bytes, index) => (index <= bytes.read(0x04, 1) ? FIRST + index * 4 : undefined),
    ),
  ],
};
