/** The decoded headers of a dump: what all functions have, and what is a device's, a bridge's, a CardBus bridge's. */
import {
  header0,
  header1,
  header2,
  headerCommon,
  hexDigits,
  hexNumber,
  type PciNames,
  type RegisterReader,
} from '../../pci/index.js';
import type { DumpedSpace } from './bus.js';
import { classWords } from './class-words.js';
import { TableLines, together, type Lines } from './lines.js';
import { cardBusWindows, memoryWindow, portWindow, prefetchableWindow } from './window-lines.js';

const DEVSEL = ['fast', 'medium', 'slow', 'unknown/reserved'];
const devsel = (value: number) => `${DEVSEL[value] ?? ''} (${hexNumber(value)})`;

const common = new TableLines(headerCommon);

const COMMAND_AND_STATUS = together([
  common.register('Command register', 'command', 4),
  common.flags('command', {
    'I/O space accesses': 'io',
    'Memory space accesses': 'memory',
    'Bus mastering': 'bus_master',
    'Special cycles': 'special_cycles',
    'MWI transactions': 'mwi',
    'Palette snooping': 'vga_snoop',
    'Parity error checking': 'parity',
    'Address/data stepping': 'stepping',
    'System error (SERR)': 'serr',
    'Fast back-to-back transactions': 'fast_b2b',
    'Interrupt disable': 'intx_disable',
  }),
  common.register('Status register', 'status', 4),
  common.flag('Interrupt status', 'status.intx', 'active', 'inactive'),
  common.flags('status', {
    'Capability List support': 'capabilities',
    '66 MHz capable': 'mhz66',
    'User Definable Features (UDF) support': 'udf',
    'Fast back-to-back capable': 'fast_b2b',
    'Data parity error detected': 'data_parity',
  }),
  common.value('DEVSEL timing', 'status.devsel', devsel),
  common.flags('status', {
    'Slave signaled Target Abort': 'sig_target_abort',
    'Master received Target Abort': 'rcv_target_abort',
    'Master received Master Abort': 'rcv_master_abort',
    'Asserted System Error (SERR)': 'sig_system_error',
    'Parity error detected': 'parity_error',
  }),
]);

function named(label: string, name: string | undefined, value: number, count: number): string {
  const number = hexNumber(value, count);
  return name === undefined ? `    ${label} ID: ${number}\n` : `    ${label} Name: ${name} (${number})\n`;
}

export function commonLines(space: DumpedSpace, names: PciNames): string {
  const [vendor, device] = [space.read(0x00, 2), space.read(0x02, 2)];
  const [revision, programming] = [space.read(0x08, 1), space.read(0x09, 1)];
  const [subclass, base] = [space.read(0x0a, 1), space.read(0x0b, 1)];
  const words = classWords(base, subclass, programming);
  const [cacheLine, latency] = [space.read(0x0c, 1), space.read(0x0d, 1)];
  const [type, bist] = [space.read(0x0e, 1), space.read(0x0f, 1)];
  return [
    named('Vendor', names.vendor(vendor), vendor, 4),
    named('Device', names.device(vendor, device), device, 4),
    COMMAND_AND_STATUS(space),
    named('Class', words.base, base, 2),
    named('Subclass', words.subclass, subclass, 2),
    `    Interface: ${hexNumber(programming, 2)}\n`,
    `    Revision ID: ${hexNumber(revision, 2)}\n`,
    `    BIST: ${hexNumber(bist, 2)}\n`,
    `    Header Type: ${hexNumber(type & 0x7f, 2)}${(type & 0x80) !== 0 ? '+multifunction' : ''} (${hexNumber(type, 2)})\n`,
    `    Latency Timer: ${hexNumber(latency, 2)}\n`,
    `    Cache Line Size: ${cacheLine * 4}bytes (${hexNumber(cacheLine, 2)})\n`,
  ].join('');
}

const MEMORY_TYPES = ['32-bit', '32-bit-1M', '64-bit', 'unknown (XXX)'];

/** One base address register. @returns its lines, and how many bytes it takes. */
function barLines(space: DumpedSpace, at: number, name?: string): readonly [string, 4 | 8] {
  const value = space.read(at, 4);
  const type = (value >>> 1) & 3;
  const isPorts = (value & 1) !== 0;
  const wide = !isPorts && type === 2;
  const head = `    Base address register at ${hexNumber(at, 2)}${name === undefined ? '' : ` (${name})`}\n`;
  const width = wide ? 8 : 4;
  if (value === 0) return [`${head}      not implemented(?)\n`, width];
  const what = isPorts
    ? 'i/o'
    : `${MEMORY_TYPES[type] ?? ''} ${(value & 8) !== 0 ? '' : 'non'}prefetchable memory`;
  const low = (value & (isPorts ? ~3 : ~15)) >>> 0;
  const base = wide ? hexDigits(space.read(at + 4, 4), 8) + hexDigits(low, 8) : hexDigits(low, 8);
  return [`${head}      type: ${what}\n      base: 0x${base}, not sized\n`, width];
}

function barsLines(space: DumpedSpace, end: number): string {
  let lines = '';
  for (let at = 0x10; at < end;) {
    const [bar, width] = barLines(space, at);
    lines += bar;
    at += width;
  }
  return lines;
}

const PINS = ['(none)', '(pin A)', '(pin B)', '(pin C)', '(pin D)'];

const interruptPin: Lines = (space) => {
  const pin = space.read(0x3d, 1);
  return `    Interrupt pin: ${hexNumber(pin, 2)} ${PINS[pin] ?? '(? ? ?)'}\n`;
};
const interruptLine: Lines = (space) => `    Interrupt line: ${hexNumber(space.read(0x3c, 1), 2)}\n`;

function hasCapabilities(space: RegisterReader): boolean {
  return (space.read(0x06, 2) & 0x10) !== 0;
}

const listPointer: Lines = (space) =>
  hasCapabilities(space)
    ? `    Capability list pointer: ${hexNumber(space.read(0x34, 1), 2)}\n`
    : `    Reserved @ 0x34: ${hexNumber(space.read(0x34, 4), 8)}\n`;

const device = new TableLines(header0);

const DEVICE = together([
  device.register('Cardbus CIS Pointer', 'cardbus_cis', 8),
  device.register('Subsystem vendor ID', 'subsystem_vendor', 4),
  device.register('Subsystem ID', 'subsystem', 4),
  device.register('Expansion ROM Base Address', 'rom', 8),
  listPointer,
  (space) => `    Reserved @ 0x38: ${hexNumber(space.read(0x38, 4), 8)}\n`,
  device.register('Maximum Latency', 'max_latency', 2),
  device.register('Minimum Grant', 'min_grant', 2),
  interruptPin,
  interruptLine,
]);

export function deviceLines(space: DumpedSpace): string {
  return barsLines(space, 0x28) + DEVICE(space);
}

function secondaryStatus(table: TableLines): Lines {
  return together([
    table.register('Secondary status register', 'secondary_status', 4),
    table.flags('secondary_status', {
      '66 MHz capable': 'mhz66',
      'User Definable Features (UDF) support': 'udf',
      'Fast back-to-back capable': 'fast_b2b',
      'Data parity error detected': 'data_parity',
    }),
    table.value('DEVSEL timing', 'secondary_status.devsel', devsel),
    table.flags('secondary_status', {
      'Signalled target abort': 'sig_target_abort',
      'Received target abort': 'rcv_target_abort',
      'Received master abort': 'rcv_master_abort',
      'Received system error': 'rcv_system_error',
      'Detected parity error': 'parity_error',
    }),
  ]);
}

const bridge = new TableLines(header1);

const BRIDGE = together([
  bridge.register('Primary bus number', 'primary_bus', 2),
  bridge.register('Secondary bus number', 'secondary_bus', 2),
  bridge.register('Subordinate bus number', 'subordinate_bus', 2),
  bridge.register('Secondary bus latency timer', 'secondary_latency', 2),
  secondaryStatus(bridge),
  portWindow,
  memoryWindow,
  prefetchableWindow,
  listPointer,
  bridge.register('Expansion ROM Base Address', 'rom', 8),
  interruptLine,
  interruptPin,
  bridge.register('Bridge control register', 'bridge_control', 4),
  bridge.flags('bridge_control', {
    'Parity error response': 'parity',
    'Secondary SERR forwarding': 'serr',
    'ISA enable': 'isa',
    'VGA enable': 'vga',
    'Master abort reporting': 'master_abort',
    'Secondary bus reset': 'secondary_reset',
    'Fast back-to-back capable': 'fast_b2b',
  }),
]);

export function bridgeLines(space: DumpedSpace): string {
  return barsLines(space, 0x18) + BRIDGE(space);
}

const cardBus = new TableLines(header2);

const CARDBUS = together([
  (space) =>
    hasCapabilities(space)
      ? `    Capability list pointer: ${hexNumber(space.read(0x14, 1), 2)}\n`
      : `    Reserved @ 0x14: ${hexNumber(space.read(0x14, 2), 4)}\n`,
  secondaryStatus(cardBus),
  cardBus.register('PCI bus number', 'primary_bus', 2),
  cardBus.register('CardBus bus number', 'secondary_bus', 2),
  cardBus.register('Subordinate bus number', 'subordinate_bus', 2),
  cardBus.register('CardBus latency timer', 'secondary_latency', 2),
  cardBusWindows,
  interruptLine,
  interruptPin,
  cardBus.register('Bridge control register', 'bridge_control', 4),
  cardBus.flags('bridge_control', {
    'Parity error response': 'parity',
    'SERR# enable': 'serr',
    'ISA enable': 'isa',
    'VGA enable': 'vga',
    'Master abort mode': 'master_abort',
    'Secondary (CardBus) bus reset': 'secondary_reset',
    'Functional interrupts routed by ExCA registers': 'interrupt16',
    'Memory window 0 prefetchable': 'prefetch0',
    'Memory window 1 prefetchable': 'prefetch1',
    'Write posting enable': 'posted_writes',
  }),
  cardBus.register('Subsystem vendor ID', 'subsystem_vendor', 4),
  cardBus.register('Subsystem ID', 'subsystem', 4),
]);

export function cardBusLines(space: DumpedSpace): string {
  const [socket] = barLines(space, 0x10, 'CardBus socket/ExCA registers');
  const [legacy] = barLines(space, 0x44, 'legacy-mode registers');
  return socket + CARDBUS(space) + legacy;
}
