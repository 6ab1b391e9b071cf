/** Register tables of the index and data pair of SATA controllers: in a BAR, or right behind the capability. */
import { bits, capabilityList, hex, register, values, whole } from '../fields.js';
import type { Register, RegisterReader, RegisterTable } from '../registers.js';

const SOURCE = 'Serial ATA AHCI 1.3.1, 2.4';
const IN_CONFIG = 15;

function registers(): Register[] {
  return [
    capabilityList(),
    register(2, 1, 'revision', 'Revision', [
      bits(3, 0, 'minor', 'Minor revision'),
      bits(7, 4, 'major', 'Major revision'),
    ]),
    register(4, 4, 'place', 'Where the pair stands', [
      bits(
        3,
        0,
        'bar',
        'BAR',
        'ro',
        values({
          4: 'BAR 0',
          5: 'BAR 1',
          6: 'BAR 2',
          7: 'BAR 3',
          8: 'BAR 4',
          9: 'BAR 5',
          15: 'configuration space',
        }),
      ),
      bits(23, 4, 'offset', 'Offset in the BAR', 'ro', hex(2)),
    ]),
  ];
}

export const sata: RegisterTable = {
  name: 'sata',
  title: 'SATA Index and Data',
  source: SOURCE,
  registers: registers(),
};

export const sataWindow: RegisterTable = {
  name: 'sata_window',
  title: 'SATA Index and Data in configuration space',
  source: SOURCE,
  window: true,
  registers: [
    ...registers(),
    register(8, 4, 'index', 'Which dword data reaches', [bits(11, 2, 'offset', 'Offset', 'rw', hex(2))]),
    whole(0xc, 4, 'data', 'That dword', 'rw'),
  ],
};

/** Which of the two a controller has. */
export function sataTable(capability: RegisterReader): RegisterTable {
  return (capability.read(4, 1) & 0xf) === IN_CONFIG ? sataWindow : sata;
}
