/** Register table of the AGP capability, of both generations. */
import { bits, capabilityList, flag, hex, number, register } from '../fields.js';
import type { Field, RegisterTable } from '../registers.js';

/** Fields that status offers and command chooses, at the same bits; the rates are multiplied by 4 in AGP 3.0 mode. */
function shared<Kind extends 'ro' | 'rw'>(access: Kind): Field[] {
  return [
    bits(2, 0, 'rate', 'Data rates, one bit each', access, hex()),
    flag(4, 'fast_write', 'Fast writes', access),
    flag(5, 'over_4g', 'Addresses above 4 GiB', access),
    flag(7, 'gart64', '64-bit GART entries', access),
    flag(9, 'sideband', 'Sideband addressing', access),
    bits(12, 10, 'calibration', 'Calibration cycle', access),
    bits(15, 13, 'request_size', 'Asynchronous request size', access),
    bits(31, 24, 'queue', 'Request queue depth', access, number('requests', 1, 1)),
  ];
}

export const agp: RegisterTable = {
  name: 'agp',
  title: 'AGP',
  source: 'AGP Interface 2.0, 6.1; AGP 3.0, 5.2',
  registers: [
    capabilityList(),
    register(2, 1, 'revision', 'AGP revision', [
      bits(3, 0, 'minor', 'Minor revision'),
      bits(7, 4, 'major', 'Major revision'),
    ]),
    register(4, 4, 'status', 'AGP status', [
      ...shared('ro'),
      flag(3, 'agp3', 'AGP 3.0 mode'),
      flag(6, 'host_translation', 'Translation of host addresses is off'),
      flag(8, 'coherent', 'Coherent accesses through the GART'),
      flag(16, 'isochronous', 'Isochronous transfers'),
    ]),
    register(8, 4, 'command', 'AGP command', [...shared('rw'), flag(8, 'enable', 'AGP enable', 'rw')]),
  ],
};
