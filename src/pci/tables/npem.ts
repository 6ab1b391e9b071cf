/** Register table of native enclosure management: the lights of a drive's slot. */
import { bits, extendedCapability, flag, hex, register } from '../fields.js';
import type { Access, Field, RegisterTable } from '../registers.js';

/** Bits 2 to 11 of capability and control. */
const INDICATIONS = [
  ['ok', 'OK'],
  ['locate', 'Locate'],
  ['fail', 'Fail'],
  ['rebuild', 'Rebuild'],
  ['pfa', 'Predicted failure analysis'],
  ['hot_spare', 'Hot spare'],
  ['critical_array', 'In a critical array'],
  ['failed_array', 'In a failed array'],
  ['invalid_type', 'Invalid device type'],
  ['disabled', 'Disabled'],
] as const;

function indications(access: Access): Field[] {
  return INDICATIONS.map(([name, title], index) => flag(2 + index, name, title, access));
}

function enclosure(access: Access): Field {
  return bits(31, 24, 'enclosure', 'Enclosure-specific', access, hex());
}

export const npem: RegisterTable = {
  name: 'npem',
  title: 'Native PCIe Enclosure Management',
  source: 'PCI Express Base 6.0, 7.9.19',
  // Every write to the control register is a command to the enclosure.
  window: true,
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'NPEM capability', [
      flag(0, 'capable', 'NPEM capable'),
      flag(1, 'reset', 'NPEM reset capable'),
      ...indications('ro'),
      enclosure('ro'),
    ]),
    register(0x08, 4, 'control', 'NPEM control', [
      flag(0, 'enable', 'NPEM enable', 'rw'),
      flag(1, 'reset', 'NPEM initiate reset', 'rw'),
      ...indications('rw'),
      enclosure('rw'),
    ]),
    register(0x0c, 4, 'status', 'NPEM status', [
      flag(0, 'completed', 'NPEM command completed', 'w1c'),
      enclosure('ro'),
    ]),
  ],
};
