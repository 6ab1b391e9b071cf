/** Register table of the secure device capability, which AMD's IOMMUs use for their own registers. */
import { bits, capabilityList, flag, hex, register, whole } from '../fields.js';
import type { RegisterReader, RegisterTable } from '../registers.js';

const IOMMU = 3;

function isIommu(bytes: RegisterReader): boolean {
  return (bytes.read(2, 1) & 7) === IOMMU;
}

export const secure: RegisterTable = {
  name: 'secure',
  title: 'Secure Device',
  source: 'AMD I/O Virtualization Technology (IOMMU) 3.08, 3.1',
  registers: [
    capabilityList(),
    register(2, 2, 'header', 'Kind of the block', [
      bits(2, 0, 'type', 'Type; 3 is an IOMMU', 'ro'),
      bits(7, 3, 'revision', 'Revision'),
      flag(8, 'iotlb', 'Remote translation caches'),
      flag(9, 'tunnel', 'HyperTransport tunnel translation'),
      flag(10, 'not_present_cache', 'Entries that are not present are cached'),
      flag(11, 'extended_features', 'Extended feature register'),
      flag(12, 'extension', 'Second miscellaneous register'),
    ]),
    register(
      4,
      4,
      'base_low',
      'Base of its registers, lower half',
      [
        flag(0, 'enable', 'Base is decoded and locked', 'rw'),
        bits(31, 14, 'address', 'Address', 'rw', hex(14)),
      ],
      isIommu,
    ),
    whole(8, 4, 'base_upper', 'Base of its registers, upper half', 'rw', hex(), isIommu),
    register(
      0xc,
      4,
      'range',
      'Functions that it translates for',
      [
        bits(4, 0, 'unit', 'HyperTransport unit'),
        flag(7, 'valid', 'Range is valid'),
        bits(15, 8, 'bus', 'Bus', 'ro', hex()),
        bits(23, 16, 'first', 'First device and function', 'ro', hex()),
        bits(31, 24, 'last', 'Last device and function', 'ro', hex()),
      ],
      isIommu,
    ),
    register(
      0x10,
      4,
      'misc',
      'Miscellaneous',
      [
        bits(4, 0, 'message_number', 'Interrupt message number'),
        bits(14, 8, 'physical_bits', 'Physical address bits'),
        bits(21, 15, 'virtual_bits', 'Virtual address bits'),
        flag(22, 'ats_reserved', 'Address range of translation services is reserved'),
        bits(31, 27, 'page_message_number', 'Interrupt message number of page requests'),
      ],
      isIommu,
    ),
  ],
};
