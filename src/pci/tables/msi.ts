/** Register table of the MSI capability, in its 32-bit, 64-bit and maskable variants. */
import { aligned, bits, capabilityList, flag, power2, register, whole, hex } from '../fields.js';
import type { RegisterReader, RegisterTable } from '../registers.js';

const ADDRESS64 = 0x0080;
const MASKABLE = 0x0100;
const EXTENDED_DATA = 0x0200;

/** Holds when all bits of `set` and none of `clear` are in message control. */
function control(set: number, clear = 0): (bytes: RegisterReader) => boolean {
  return (bytes) => (bytes.read(2, 2) & (set | clear)) === set;
}

export const msi: RegisterTable = {
  name: 'msi',
  title: 'Message Signaled Interrupts',
  source: 'PCI Local Bus 3.0, 6.8.1; PCI Express Base 6.0, 7.7.1',
  registers: [
    capabilityList(),
    register(2, 2, 'control', 'Message control', [
      flag(0, 'enable', 'MSI enable', 'rw'),
      bits(3, 1, 'multiple_capable', 'Vectors requested', 'ro', power2(1, 'vectors')),
      bits(6, 4, 'multiple_enable', 'Vectors granted', 'rw', power2(1, 'vectors')),
      flag(7, 'address64', '64-bit address'),
      flag(8, 'maskable', 'Per-vector masking'),
      flag(9, 'extended_data_capable', 'Extended message data capable'),
      flag(10, 'extended_data_enable', 'Extended message data enable', 'rw'),
    ]),
    aligned(4, 4, 2, 'address', 'Message address', 'rw'),
    whole(8, 2, 'data', 'Message data', 'rw', hex(), control(0, ADDRESS64)),
    whole(8, 4, 'address_upper', 'Message address, upper half', 'rw', hex(), control(ADDRESS64)),
    whole(0xa, 2, 'extended_data', 'Extended message data', 'rw', hex(), control(EXTENDED_DATA, ADDRESS64)),
    whole(0xc, 2, 'data', 'Message data', 'rw', hex(), control(ADDRESS64)),
    whole(0xc, 4, 'mask', 'Mask bits', 'rw', hex(), control(MASKABLE, ADDRESS64)),
    whole(0xe, 2, 'extended_data', 'Extended message data', 'rw', hex(), control(EXTENDED_DATA | ADDRESS64)),
    whole(0x10, 4, 'pending', 'Pending bits', 'ro', hex(), control(MASKABLE, ADDRESS64)),
    whole(0x10, 4, 'mask', 'Mask bits', 'rw', hex(), control(MASKABLE | ADDRESS64)),
    whole(0x14, 4, 'pending', 'Pending bits', 'ro', hex(), control(MASKABLE | ADDRESS64)),
  ],
};
