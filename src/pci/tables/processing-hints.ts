/** Register tables of what a requester tells of its accesses: processing hints, and lightweight notifications. */
import { bits, extendedCapability, flag, number, placed, register, values } from '../fields.js';
import type { RegisterReader, RegisterTable } from '../registers.js';

const IN_CAPABILITY = 1;
/** A longer table can only be that of MSI-X. */
const MOST_TAGS = 64;

/** Steering tags stand here only where the capability says that its table does; two bytes each. */
function steeringTag(bytes: RegisterReader, index: number): number | undefined {
  const cap = bytes.read(0x04, 4);
  if (((cap >>> 9) & 3) !== IN_CAPABILITY) return undefined;
  return index <= ((cap >>> 16) & 0x7ff) ? 0x0c + index * 2 : undefined;
}

export const tph: RegisterTable = {
  name: 'tph',
  title: 'TPH Requester',
  source: 'PCI Express Base 6.0, 7.9.13',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'TPH requester capability', [
      flag(0, 'no_st', 'No ST mode supported'),
      flag(1, 'interrupt_vector', 'Interrupt vector mode supported'),
      flag(2, 'device_specific', 'Device specific mode supported'),
      flag(8, 'extended', 'Extended TPH requester supported'),
      bits(10, 9, 'table', 'ST table location', 'ro', values(['none', 'capability', 'MSI-X table'])),
      bits(26, 16, 'table_size', 'ST table size', 'ro', number('entries', 1, 1)),
    ]),
    register(0x08, 4, 'control', 'TPH requester control', [
      bits(2, 0, 'mode', 'ST mode', 'rw', values(['no ST', 'interrupt vector', 'device specific'])),
      bits(
        9,
        8,
        'enable',
        'Requester enable',
        'rw',
        values({ 0: 'off', 1: 'TPH', 3: 'TPH and extended TPH' }),
      ),
    ]),
    placed(
      register(0x0c, 2, 'st', 'Steering tag', [
        bits(7, 0, 'lower', 'Lower half', 'rw'),
        bits(15, 8, 'upper', 'Upper half', 'rw'),
      ]),
      MOST_TAGS,
      2,
      steeringTag,
    ),
  ],
};

export const lnr: RegisterTable = {
  name: 'lnr',
  title: 'LN Requester',
  source: 'PCI Express Base 5.0, 7.9.14',
  registers: [
    extendedCapability(),
    register(0x04, 2, 'cap', 'LNR capability', [
      flag(0, 'line64', 'Cache lines of 64 bytes supported'),
      flag(1, 'line128', 'Cache lines of 128 bytes supported'),
      bits(12, 8, 'registrations', 'Registrations at most', 'ro', {
        kind: 'power2',
        base: 1,
        unit: 'registrations',
      }),
    ]),
    register(0x06, 2, 'control', 'LNR control', [
      flag(0, 'enable', 'Enable', 'rw'),
      bits(1, 1, 'line', 'Cache line size', 'rw', values(['64 bytes', '128 bytes'])),
      bits(12, 8, 'limit', 'Registration limit', 'rw', { kind: 'power2', base: 1, unit: 'registrations' }),
    ]),
  ],
};
