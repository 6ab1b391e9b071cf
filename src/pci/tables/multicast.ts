/** Register tables of multicast: of a device, and of a port that passes on what is sent to a group. */
import { bits, extendedCapability, flag, hex, number, power2, register, whole } from '../fields.js';
import type { Register, RegisterTable } from '../registers.js';
import { PortType, portTypeOf } from './express-port.js';
import type { CapabilityBytes } from './table-choice.js';

const GROUPS = number(undefined, 1, 1);

/** One bit for each group. */
function vector(offset: number, name: string, title: string): Register {
  return whole(offset, 8, name, title, 'rw', hex());
}

const ALL: readonly Register[] = [
  extendedCapability(),
  register(0x04, 2, 'cap', 'Multicast capability', [
    bits(5, 0, 'max_groups', 'Groups at most', 'ro', GROUPS),
    bits(13, 8, 'window', 'Window size requested', 'ro', power2(1, 'bytes')),
    flag(15, 'ecrc_regeneration', 'ECRC regeneration supported'),
  ]),
  register(0x06, 2, 'control', 'Multicast control', [
    bits(5, 0, 'groups', 'Groups', 'rw', GROUPS),
    flag(15, 'enable', 'Enable', 'rw'),
  ]),
  register(0x08, 4, 'base', 'Base address', [
    bits(5, 0, 'index', 'Index position: the address bit where the group number begins', 'rw'),
    bits(31, 12, 'address', 'Base address, lower half', 'rw', hex(12)),
  ]),
  whole(0x0c, 4, 'base_upper', 'Base address, upper half', 'rw', hex()),
  vector(0x10, 'receive', 'Receive: groups that are accepted'),
  vector(0x18, 'block_all', 'Block all: groups that are not sent to'),
  vector(0x20, 'block_untranslated', 'Block untranslated: groups that only translated requests are sent to'),
];

const OVERLAY: readonly Register[] = [
  register(0x28, 4, 'overlay', 'Overlay BAR', [
    bits(5, 0, 'size', 'Overlay size: log2 of the bytes; below 6 there is no overlay', 'rw'),
    bits(31, 6, 'address', 'Overlay address, lower half', 'rw', hex(6)),
  ]),
  whole(0x2c, 4, 'overlay_upper', 'Overlay address, upper half', 'rw', hex()),
];

const about = { name: 'multicast', title: 'Multicast', source: 'PCI Express Base 6.0, 7.9.11' };

export const multicast: RegisterTable = { ...about, registers: ALL };

/** Of root and switch ports. */
export const portMulticast: RegisterTable = { ...about, registers: [...ALL, ...OVERLAY] };

/** The one that a function has. */
export function multicastOf({ header }: CapabilityBytes): RegisterTable {
  const type = portTypeOf(header);
  const isPort = type === PortType.rootPort || type === PortType.upstream || type === PortType.downstream;
  return isPort ? portMulticast : multicast;
}
