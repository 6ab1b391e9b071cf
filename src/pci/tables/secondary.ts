/** Register table of Secondary PCI Express: equalization of a link at 8 GT/s, lane by lane. */
import { bits, extendedCapability, flag, hex, register, repeated, sticky } from '../fields.js';
import type { Register, RegisterTable } from '../registers.js';
import { lanesOf } from './express-port.js';
import type { CapabilityBytes } from './table-choice.js';

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

const about = { name: 'secondary', title: 'Secondary PCI Express', source: 'PCI Express Base 6.0, 7.7.3' };

function ofLanes(lanes: number): RegisterTable {
  if (lanes === 0) return { ...about, registers: START };
  return { ...about, registers: [...START, lanes === 1 ? LANE : repeated(LANE, lanes, 2)] };
}

const MOST_LANES = 32;

/** Of the widest link that there is. */
export const secondary = ofLanes(MOST_LANES);

const byLanes: readonly RegisterTable[] = Array.from({ length: MOST_LANES + 1 }, (_, lanes) =>
  ofLanes(lanes),
);

/** With as many lanes as the link of the function has at most. */
export function secondaryOf({ header }: CapabilityBytes): RegisterTable {
  return byLanes[lanesOf(header)] ?? secondary;
}
