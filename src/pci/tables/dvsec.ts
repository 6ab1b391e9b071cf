/** Register table of the designated vendor-specific capability: the two headers that all of them start with. */
import { bits, extendedCapability, hex, number, register } from '../fields.js';
import type { Register, RegisterReader, RegisterTable } from '../registers.js';

/** Offsets 0x00 to 0x09 (PCI Express Base 6.0, 7.9.6). */
export const designatedHeaders: readonly Register[] = [
  extendedCapability(),
  register(0x04, 4, 'header1', 'Designated vendor-specific header 1', [
    bits(15, 0, 'vendor', 'DVSEC vendor ID', 'ro', hex()),
    bits(19, 16, 'revision', 'DVSEC revision'),
    bits(31, 20, 'length', 'DVSEC length', 'ro', number('bytes')),
  ]),
  register(0x08, 2, 'header2', 'Designated vendor-specific header 2', [
    bits(15, 0, 'id', 'DVSEC ID, of that vendor', 'ro', hex()),
  ]),
];

/** Bytes of the whole capability, the extended capability header included. */
export function designatedLength(bytes: RegisterReader): number {
  return bytes.read(0x04, 4) >>> 20;
}

export const dvsec: RegisterTable = {
  name: 'dvsec',
  title: 'Designated Vendor-Specific Extended Capability',
  source: 'PCI Express Base 6.0, 7.9.6',
  registers: designatedHeaders,
};
