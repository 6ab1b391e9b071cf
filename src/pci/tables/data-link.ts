/** Register table of data link features: what both ends of a link told each other that they can do. */
import { bits, extendedCapability, flag, register, values } from '../fields.js';
import type { Field, RegisterTable } from '../registers.js';
import { L0P_EXIT_LATENCIES } from './dev3.js';

/** Alike for both ends (PCI Express Base 6.0, 7.7.4). */
function features(end: string): Field[] {
  return [
    flag(0, 'scaled_flow_control', `${end} scaled flow control`),
    flag(1, 'immediate_readiness', `${end} immediate readiness`),
    bits(4, 2, 'extended_vc_count', `${end} extended VC count`),
    bits(7, 5, 'l0p_exit', `${end} L0p exit latency`, 'ro', values(L0P_EXIT_LATENCIES)),
  ];
}

export const dataLink: RegisterTable = {
  name: 'data_link',
  title: 'Data Link Feature',
  source: 'PCI Express Base 6.0, 7.7.4',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'Data link feature capabilities', [
      ...features('Local'),
      flag(31, 'exchange', 'Data link feature exchange enable'),
    ]),
    register(0x08, 4, 'status', 'Data link feature status', [
      ...features('Remote'),
      flag(31, 'valid', 'Remote data link feature supported valid'),
    ]),
  ],
};
