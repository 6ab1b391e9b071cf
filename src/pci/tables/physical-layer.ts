/** Register tables of the physical layer at 16, 32 and 64 GT/s: equalization of the link at that speed. */
import { bits, extendedCapability, flag, hex, register, sticky, values, whole } from '../fields.js';
import type { Access, Field, Register } from '../registers.js';
import { byLanes, perLane } from './per-lane.js';

/** The part of the status that all speeds have. */
function equalization(speed: string): Field[] {
  return [
    sticky(flag(0, 'complete', `Equalization ${speed} complete`)),
    sticky(flag(1, 'phase1', `Equalization ${speed} phase 1 successful`)),
    sticky(flag(2, 'phase2', `Equalization ${speed} phase 2 successful`)),
    sticky(flag(3, 'phase3', `Equalization ${speed} phase 3 successful`)),
    sticky(flag(4, 'request', `Link equalization request ${speed}`, 'w1c')),
  ];
}

/** One byte a lane. */
function presets(offset: number, speed: string, lanes: number): Register {
  const each = register(offset, 1, 'lane', `${speed} lane equalization control`, [
    bits(3, 0, 'downstream_preset', `Downstream port ${speed} transmitter preset`),
    bits(7, 4, 'upstream_preset', `Upstream port ${speed} transmitter preset`),
  ]);
  return perLane(each, lanes, 1);
}

/** Bit n for lane n. */
function parityMismatch(offset: number, name: string, receiver: string): Register {
  const lanes = whole(offset, 4, name, `16.0 GT/s ${receiver} data parity mismatch status`, 'w1c');
  return { ...lanes, fields: lanes.fields.map(sticky) };
}

export const phy16 = byLanes((lanes) => ({
  name: 'phy16',
  title: 'Physical Layer 16.0 GT/s',
  source: 'PCI Express Base 6.0, 7.7.5',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', '16.0 GT/s capabilities', []),
    register(0x08, 4, 'control', '16.0 GT/s control', []),
    register(0x0c, 4, 'status', '16.0 GT/s status', equalization('16.0 GT/s')),
    parityMismatch(0x10, 'local_parity', 'local'),
    parityMismatch(0x14, 'retimer1_parity', 'first retimer'),
    parityMismatch(0x18, 'retimer2_parity', 'second retimer'),
    presets(0x20, '16.0 GT/s', lanes),
  ],
}));

/** Of modified training sequences (PCI Express Base 6.0, 4.2.5.2). */
const USAGES = ['PCI Express', 'training set messages', 'alternate protocol negotiation'];
const LINK_BEHAVIOR = [
  'full equalization required',
  'equalization bypass to the highest rate',
  'no equalization needed',
  'modified training sequences',
];

/** Two dwords of training sequences, as they were received or sent. */
function trainingData(offset: number, direction: string): Register[] {
  const name = direction.toLowerCase();
  const access: Access = 'ro';
  return [
    register(offset, 4, `${name}1`, `${direction} modified TS data 1`, [
      bits(2, 0, 'usage', `${direction} modified TS usage mode`, access, values(USAGES)),
      bits(15, 3, 'information1', `${direction} modified TS information 1`, access, hex()),
      bits(31, 16, 'vendor', `${direction} modified TS vendor ID`, access, hex()),
    ]),
    register(offset + 4, 4, `${name}2`, `${direction} modified TS data 2`, [
      bits(23, 0, 'information2', `${direction} modified TS information 2`, access, hex()),
      bits(25, 24, 'negotiation', 'Alternate protocol negotiation status', access, NEGOTIATION),
    ]),
  ];
}

const NEGOTIATION = values(['not supported', 'disabled', 'failed', 'succeeded']);

export const phy32 = byLanes((lanes) => ({
  name: 'phy32',
  title: 'Physical Layer 32.0 GT/s',
  source: 'PCI Express Base 6.0, 7.7.6',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', '32.0 GT/s capabilities', [
      flag(0, 'bypass', 'Equalization bypass to highest rate supported'),
      flag(1, 'no_equalization', 'No equalization needed supported'),
      flag(8, 'usage0', 'Modified TS usage mode 0 (PCI Express) supported'),
      flag(9, 'usage1', 'Modified TS usage mode 1 (training set messages) supported'),
      flag(10, 'usage2', 'Modified TS usage mode 2 (alternate protocols) supported'),
      bits(15, 11, 'usage_reserved', 'Modified TS reserved usage modes', 'ro', hex()),
    ]),
    register(0x08, 4, 'control', '32.0 GT/s control', [
      sticky(flag(0, 'bypass_disable', 'Equalization bypass to highest rate disable', 'rw')),
      sticky(flag(1, 'no_equalization_disable', 'No equalization needed disable', 'rw')),
      sticky(bits(10, 8, 'usage', 'Modified TS usage mode selected', 'rw', values(USAGES))),
    ]),
    register(0x0c, 4, 'status', '32.0 GT/s status', [
      ...equalization('32.0 GT/s'),
      flag(5, 'modified_ts', 'Modified TS received'),
      bits(7, 6, 'behavior', 'Received enhanced link behavior control', 'ro', values(LINK_BEHAVIOR)),
      flag(8, 'precoding', 'Transmitter precoding on'),
      flag(9, 'precode_request', 'Transmitter precode request'),
      flag(10, 'no_equalization', 'No equalization needed received'),
    ]),
    ...trainingData(0x10, 'Received'),
    ...trainingData(0x18, 'Transmitted'),
    presets(0x20, '32.0 GT/s', lanes),
  ],
}));

export const phy64 = byLanes((lanes) => ({
  name: 'phy64',
  title: 'Physical Layer 64.0 GT/s',
  source: 'PCI Express Base 6.0, 7.7.7',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', '64.0 GT/s capabilities', []),
    register(0x08, 4, 'control', '64.0 GT/s control', []),
    register(0x0c, 4, 'status', '64.0 GT/s status', [
      ...equalization('64.0 GT/s'),
      flag(5, 'precoding', 'Transmitter precoding on'),
      flag(6, 'precode_request', 'Transmitter precode request'),
      flag(7, 'no_equalization', 'No equalization needed received'),
    ]),
    presets(0x10, '64.0 GT/s', lanes),
  ],
}));
