/** Register table of alternate protocols: what else than PCI Express a link can be trained to carry. */
import { bits, extendedCapability, flag, hex, placed, register, sticky, whole } from '../fields.js';
import type { RegisterReader, RegisterTable } from '../registers.js';

const mask = whole(
  0x14,
  4,
  'mask',
  'Selective enable mask, bit n for index n; 0 is PCI Express',
  'rw',
  hex(),
);

/** One bit a protocol, in whole dwords; of links that can choose among them. */
function maskAt(bytes: RegisterReader, index: number): number | undefined {
  const cap = bytes.read(0x04, 4);
  const dwords = (cap & 0x100) === 0 ? 0 : Math.ceil((cap & 0xff) / 32);
  return index < dwords ? mask.offset + index * 4 : undefined;
}

export const alternateProtocol: RegisterTable = {
  name: 'alternate_protocol',
  title: 'Alternate Protocol',
  source: 'PCI Express Base 6.0, 7.9.20',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'Alternate protocol capabilities', [
      bits(7, 0, 'count', 'Alternate protocol count'),
      flag(8, 'selective', 'Selective enable supported'),
    ]),
    register(0x08, 4, 'control', 'Alternate protocol control', [
      bits(7, 0, 'index', 'Index of the protocol that the data is of', 'rw'),
      flag(8, 'enable', 'Negotiation global enable', 'rw'),
    ]),
    register(0x0c, 4, 'data1', 'Alternate protocol data 1', [
      bits(2, 0, 'usage', 'Usage information'),
      bits(15, 5, 'details', 'Details', 'ro', hex()),
      bits(31, 16, 'vendor', 'Vendor ID', 'ro', hex()),
    ]),
    register(0x10, 4, 'data2', 'Alternate protocol data 2', [
      bits(23, 0, 'information2', 'Modified TS information 2', 'ro', hex()),
    ]),
    placed({ ...mask, fields: mask.fields.map(sticky) }, 8, 4, maskAt),
  ],
};
