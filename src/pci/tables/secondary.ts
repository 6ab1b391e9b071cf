/** Register table of Secondary PCI Express: equalization of a link at 8 GT/s, lane by lane. */
import { bits, extendedCapability, flag, hex, register, sticky } from '../fields.js';
import type { Register, RegisterTable } from '../registers.js';
import { byLanes, perLane } from './per-lane.js';

const START: readonly Register[] = [
  extendedCapability(),
  register(0x04, 4, 'lnkctl3', 'Link control 3', [
    flag(0, 'perform_equalization', 'Perform equalization', 'rw'),
    flag(1, 'equalization_interrupt', 'Link equalization request interrupt', 'rw'),
    bits(15, 9, 'lower_skp', 'Enable lower SKP OS generation, by speed', 'rw', hex()),
  ]),
  register(0x08, 4, 'lane_errors', 'Lane error status', [
    sticky(bits(31, 0, '', 'Lane error status', 'w1c', hex())),
  ]),
];

const LANE: Register = register(0x0c, 2, 'lane', 'Lane equalization control', [
  bits(3, 0, 'downstream_preset', 'Downstream port transmitter preset'),
  bits(6, 4, 'downstream_hint', 'Downstream port receiver preset hint'),
  bits(11, 8, 'upstream_preset', 'Upstream port transmitter preset'),
  bits(14, 12, 'upstream_hint', 'Upstream port receiver preset hint'),
]);

export const secondary = byLanes((lanes): RegisterTable => ({
  name: 'secondary',
  title: 'Secondary PCI Express',
  source: 'PCI Express Base 6.0, 7.7.3',
  registers: [...START, perLane(LANE, lanes, 2)],
}));
