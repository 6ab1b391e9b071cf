/** Register tables of virtual channels: of a port or function, and of the functions of one device together. */
import { bits, extendedCapability, flag, hex, number, placed, register, values, whole } from '../fields.js';
import type { Register, RegisterReader, RegisterTable } from '../registers.js';

/** Bytes from one channel's registers to the next one's, and where those of channel 0 stand. */
export const VC_STRIDE = 12;
export const VC_START = 0x10;
const MOST_CHANNELS = 8;

const VC_ARBITRATION = values(['hardware fixed', 'WRR 32 phases', 'WRR 64 phases', 'WRR 128 phases']);
const PORT_ARBITRATION = values([
  'hardware fixed',
  'WRR 32 phases',
  'WRR 64 phases',
  'WRR 128 phases',
  'time-based WRR 128 phases',
  'WRR 256 phases',
]);
/** Tables lie at multiples of 16 bytes from the start of the capability. */
const TABLE_OFFSET = hex(4);

function channels(bytes: RegisterReader): number {
  return (bytes.read(0x04, 1) & 7) + 1;
}

/** The same register for each channel that is there. */
function each(one: Register): Register {
  return placed(one, MOST_CHANNELS, VC_STRIDE, (bytes, index) =>
    index < channels(bytes) ? one.offset + index * VC_STRIDE : undefined,
  );
}

/**
 * The VC arbitration table (PCI Express Base 6.0, 7.9.1.9): 4 bits a phase, of which 3 name a channel, for as many
 * phases as the longest arbitration that the port can.
 */
function vcArbitration(bytes: RegisterReader, index: number): number | undefined {
  const able = bytes.read(0x08, 1);
  const start = bytes.read(0x0b, 1) * 16;
  const phases = (able & 8) !== 0 ? 128 : (able & 4) !== 0 ? 64 : (able & 2) !== 0 ? 32 : 0;
  return start !== 0 && index < phases / 8 ? start + index * 4 : undefined;
}

/** What arbitrates for a channel: ports of a switch or root complex, or functions of a device. */
interface Arbiter {
  readonly name: string;
  readonly title: string;
}

function channelRegisters({ name, title }: Arbiter, extra: readonly ReturnType<typeof flag>[]): Register[] {
  return [
    each(
      register(0x10, 4, 'cap', 'VC resource capability', [
        flag(0, 'fixed', 'Hardware fixed arbitration'),
        flag(1, 'wrr32', 'WRR arbitration of 32 phases'),
        flag(2, 'wrr64', 'WRR arbitration of 64 phases'),
        flag(3, 'wrr128', 'WRR arbitration of 128 phases'),
        flag(4, 'twrr128', 'Time-based WRR arbitration of 128 phases'),
        flag(5, 'wrr256', 'WRR arbitration of 256 phases'),
        ...extra,
        bits(22, 16, 'time_slots', 'Maximum time slots', 'ro', number(undefined, 1, 1)),
        bits(31, 24, 'table', `${title} arbitration table offset`, 'ro', TABLE_OFFSET),
      ]),
    ),
    each(
      register(0x14, 4, 'control', 'VC resource control', [
        bits(7, 0, 'traffic_classes', 'Traffic classes mapped to it', 'rw', hex()),
        flag(16, 'load', `Load the ${name} arbitration table`, 'wo'),
        bits(19, 17, 'arbitration', `${title} arbitration select`, 'rw', PORT_ARBITRATION),
        bits(26, 24, 'id', 'VC ID', 'rw'),
        flag(31, 'enable', 'VC enable', 'rw'),
      ]),
    ),
    each(
      register(0x1a, 2, 'status', 'VC resource status', [
        flag(0, 'table_changed', `${title} arbitration table not yet loaded`),
        flag(1, 'negotiation', 'VC negotiation pending'),
      ]),
    ),
  ];
}

function portRegisters({ title }: Arbiter): readonly Register[] {
  return [
    extendedCapability(),
    register(0x04, 4, 'port_cap1', 'Port VC capability 1', [
      bits(2, 0, 'extended', 'Channels besides channel 0'),
      bits(6, 4, 'low_priority', 'Of those, channels of low priority'),
      bits(9, 8, 'clock', 'Reference clock of time-based arbitration', 'ro', values(['100 ns'])),
      bits(11, 10, 'entry', `${title} arbitration table entry size`, 'ro', {
        kind: 'power2',
        base: 1,
        unit: 'bits',
      }),
    ]),
    register(0x08, 4, 'port_cap2', 'Port VC capability 2', [
      flag(0, 'fixed', 'Hardware fixed VC arbitration'),
      flag(1, 'wrr32', 'WRR VC arbitration of 32 phases'),
      flag(2, 'wrr64', 'WRR VC arbitration of 64 phases'),
      flag(3, 'wrr128', 'WRR VC arbitration of 128 phases'),
      bits(31, 24, 'table', 'VC arbitration table offset', 'ro', TABLE_OFFSET),
    ]),
    register(0x0c, 2, 'port_control', 'Port VC control', [
      flag(0, 'load', 'Load the VC arbitration table', 'wo'),
      bits(3, 1, 'arbitration', 'VC arbitration select', 'rw', VC_ARBITRATION),
    ]),
    register(0x0e, 2, 'port_status', 'Port VC status', [
      flag(0, 'table_changed', 'VC arbitration table not yet loaded'),
    ]),
  ];
}

/** Behind the last channel that there can be; where it stands the bytes tell. */
const ARBITRATION_TABLE = placed(
  whole(VC_START + MOST_CHANNELS * VC_STRIDE, 4, 'arbitration_table', 'VC arbitration table', 'rw', hex()),
  16,
  4,
  vcArbitration,
);

const PORT: Arbiter = { name: 'port', title: 'Port' };
const FUNCTION: Arbiter = { name: 'function', title: 'Function' };

const portChannels: readonly Register[] = [
  ...portRegisters(PORT),
  ...channelRegisters(PORT, [flag(15, 'reject_snoop', 'Reject snoop transactions')]),
  ARBITRATION_TABLE,
];

/** Of a port, or of a function by itself. */
export const vc: RegisterTable = {
  name: 'vc',
  title: 'Virtual Channel',
  source: 'PCI Express Base 6.0, 7.9.1',
  registers: portChannels,
};

/** Of function 0 of a device that has multi-function virtual channels too; its registers are the same. */
export const vc9: RegisterTable = {
  ...vc,
  name: 'vc9',
  title: 'Virtual Channel (with MFVC)',
};

/** Of an upstream port, for all functions of the device behind it. */
export const mfvc: RegisterTable = {
  name: 'mfvc',
  title: 'Multi-Function Virtual Channel',
  source: 'PCI Express Base 6.0, 7.9.2',
  registers: [...portRegisters(FUNCTION), ...channelRegisters(FUNCTION, []), ARBITRATION_TABLE],
};
