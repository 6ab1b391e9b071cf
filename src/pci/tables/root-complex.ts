/** Register tables of what only a root complex has: its links, its event collectors, its own register blocks. */
import { bits, extendedCapability, flag, hex, placed, register, values, whole } from '../fields.js';
import type { RegisterReader, RegisterTable } from '../registers.js';
import { ASPM, L0S, L1, SPEEDS } from './pcie-link.js';

/** Bytes from one link's registers to the next one's, and where those of the first stand. */
export const RC_LINK_STRIDE = 16;
export const RC_LINK_START = 0x10;
const MOST_LINKS = 255;

/** A register of each link that is declared. */
function ofLink(offset: number) {
  return (bytes: RegisterReader, index: number): number | undefined =>
    index < bytes.read(0x05, 1) ? offset + index * RC_LINK_STRIDE : undefined;
}

export const rcLink: RegisterTable = {
  name: 'rc_link',
  title: 'Root Complex Link Declaration',
  source: 'PCI Express Base 6.0, 7.9.8',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'self', 'Element self description', [
      bits(
        3,
        0,
        'type',
        'Element type',
        'ro',
        values(['configuration space', 'egress port', 'internal link']),
      ),
      bits(15, 8, 'links', 'Number of link entries'),
      bits(23, 16, 'component', 'Component ID', 'ro', hex()),
      bits(31, 24, 'port', 'Port number', 'ro', hex()),
    ]),
    placed(
      register(0x10, 4, 'link', 'Link description', [
        flag(0, 'valid', 'Link valid'),
        bits(1, 1, 'type', 'Link type', 'ro', values(['memory mapped', 'configuration space'])),
        flag(2, 'rcrb', 'Associate RCRB header'),
        bits(23, 16, 'target_component', 'Target component ID', 'ro', hex()),
        bits(31, 24, 'target_port', 'Target port number', 'ro', hex()),
      ]),
      MOST_LINKS,
      RC_LINK_STRIDE,
      ofLink(0x10),
    ),
    placed(
      whole(0x18, 8, 'address', 'Link address: of a register block, or of a function'),
      MOST_LINKS,
      RC_LINK_STRIDE,
      ofLink(0x18),
    ),
  ],
};

export const rcInternalLink: RegisterTable = {
  name: 'rc_internal_link',
  title: 'Root Complex Internal Link Control',
  source: 'PCI Express Base 6.0, 7.9.9',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'Root complex link capabilities', [
      bits(3, 0, 'max_speed', 'Maximum link speed', 'ro', SPEEDS),
      bits(9, 4, 'max_width', 'Maximum link width'),
      bits(11, 10, 'aspm', 'Active state power management', 'ro', ASPM),
      bits(14, 12, 'l0s_exit', 'L0s exit latency', 'ro', values(L0S)),
      bits(17, 15, 'l1_exit', 'L1 exit latency', 'ro', values(L1)),
      bits(24, 18, 'speeds', 'Supported link speeds vector', 'ro', hex()),
    ]),
    register(0x08, 2, 'control', 'Root complex link control', [
      bits(1, 0, 'aspm', 'Active state power management', 'rw', ASPM),
      flag(7, 'ext_synch', 'Extended synch', 'rw'),
    ]),
    register(0x0a, 2, 'status', 'Root complex link status', [
      bits(3, 0, 'speed', 'Current link speed', 'ro', SPEEDS),
      bits(9, 4, 'width', 'Negotiated link width'),
    ]),
  ],
};

/** Which integrated endpoints send their errors and events to this collector. */
export const rcec: RegisterTable = {
  name: 'rcec',
  title: 'Root Complex Event Collector Endpoint Association',
  source: 'PCI Express Base 6.0, 7.9.10',
  registers: [
    extendedCapability(),
    whole(0x04, 4, 'devices', 'Devices of the collector’s own bus, one bit each'),
    register(
      0x08,
      4,
      'buses',
      'Other buses whose devices are associated',
      [bits(15, 8, 'next', 'First bus', 'ro', hex()), bits(23, 16, 'last', 'Last bus', 'ro', hex())],
      (bytes) => (bytes.read(2, 1) & 0xf) >= 2,
    ),
  ],
};

/** In front of the registers of a root complex that lie in memory. */
export const rcrb: RegisterTable = {
  name: 'rcrb',
  title: 'Root Complex Register Block',
  source: 'PCI Express Base 6.0, 7.9.7',
  registers: [
    extendedCapability(),
    whole(0x04, 2, 'vendor', 'Vendor ID'),
    whole(0x06, 2, 'device', 'Device ID'),
    register(0x08, 4, 'cap', 'RCRB capabilities', [
      flag(0, 'retry_visibility', 'Configuration request retry status software visibility'),
    ]),
    register(0x0c, 4, 'control', 'RCRB control', [
      flag(0, 'retry_visibility', 'Configuration request retry status software visibility', 'rw'),
    ]),
  ],
};
