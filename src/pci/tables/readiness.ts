/** Register table of readiness times: how long a function needs before it can be configured. */
import { bits, extendedCapability, flag, register, values } from '../fields.js';
import type { Field, RegisterTable } from '../registers.js';

const SCALES = values(['1 ns', '32 ns', '1024 ns', '32768 ns', '1048576 ns', '33554432 ns']);

/** A time is its value times its scale (PCI Express Base 6.0, 7.9.16). */
function time(low: number, name: string, title: string): Field[] {
  return [
    bits(low + 8, low, name, title),
    bits(low + 11, low + 9, `${name}_scale`, `${title}, scale`, 'ro', SCALES),
  ];
}

export const readiness: RegisterTable = {
  name: 'readiness',
  title: 'Readiness Time Reporting',
  source: 'PCI Express Base 6.0, 7.9.16',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'times1', 'Readiness time reporting 1', [
      ...time(0, 'reset', 'Reset time'),
      ...time(12, 'link_up', 'DL_Up time'),
      flag(31, 'valid', 'The times are valid'),
    ]),
    register(0x08, 4, 'times2', 'Readiness time reporting 2', [
      ...time(0, 'flr', 'FLR time'),
      ...time(12, 'd3hot', 'D3hot to D0 time'),
    ]),
  ],
};
