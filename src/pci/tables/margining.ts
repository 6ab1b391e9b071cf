/** Register table of lane margining: how much each receiver of a link could bear, measured while it runs. */
import { bits, extendedCapability, flag, hex, register } from '../fields.js';
import type { Access, Field, RegisterTable } from '../registers.js';
import { byLanes, perLane } from './per-lane.js';

/** Alike in control and status. */
function command(access: Access, suffix: string): Field[] {
  return [
    bits(2, 0, 'receiver', `Receiver number${suffix}`, access),
    bits(5, 3, 'type', `Margin type${suffix}`, access),
    flag(6, 'usage', `Usage model${suffix}`, access),
    bits(15, 8, 'payload', `Margin payload${suffix}`, access, hex()),
  ];
}

export const margining = byLanes((lanes): RegisterTable => ({
  name: 'margining',
  title: 'Lane Margining at the Receiver',
  source: 'PCI Express Base 6.0, 7.7.10',
  registers: [
    extendedCapability(),
    register(0x04, 2, 'cap', 'Margining port capabilities', [
      flag(0, 'driver', 'Margining uses driver software'),
    ]),
    register(0x06, 2, 'status', 'Margining port status', [
      flag(0, 'ready', 'Margining ready'),
      flag(1, 'software_ready', 'Margining software ready'),
    ]),
    perLane(register(0x08, 2, 'lane_control', 'Margining lane control', command('rw', '')), lanes, 4),
    perLane(register(0x0a, 2, 'lane_status', 'Margining lane status', command('ro', ' status')), lanes, 4),
  ],
}));
