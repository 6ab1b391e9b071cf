/** Registers that every configuration header starts with, and parts that several headers share. */
import { bits, flag, hex, number, register, values, whole } from '../fields.js';
import type { Field, Register, RegisterTable } from '../registers.js';

const DEVSEL = values(['fast', 'medium', 'slow', 'reserved']);

/** Bits that the primary and the secondary status register have in common. */
export function statusFields(): Field[] {
  return [
    flag(5, 'mhz66', '66 MHz capable'),
    flag(6, 'udf', 'User definable features'),
    flag(7, 'fast_b2b', 'Fast back-to-back capable'),
    flag(8, 'data_parity', 'Master data parity error', 'w1c'),
    bits(10, 9, 'devsel', 'DEVSEL timing', 'ro', DEVSEL),
    flag(11, 'sig_target_abort', 'Signaled target abort', 'w1c'),
    flag(12, 'rcv_target_abort', 'Received target abort', 'w1c'),
    flag(13, 'rcv_master_abort', 'Received master abort', 'w1c'),
  ];
}

/** Offsets 0x00 to 0x0f. */
export const commonRegisters: readonly Register[] = [
  whole(0x00, 2, 'vendor', 'Vendor ID'),
  whole(0x02, 2, 'device', 'Device ID'),
  register(0x04, 2, 'command', 'Command', [
    flag(0, 'io', 'I/O space enable', 'rw'),
    flag(1, 'memory', 'Memory space enable', 'rw'),
    flag(2, 'bus_master', 'Bus master enable', 'rw'),
    flag(3, 'special_cycles', 'Special cycle enable', 'rw'),
    flag(4, 'mwi', 'Memory write and invalidate', 'rw'),
    flag(5, 'vga_snoop', 'VGA palette snoop', 'rw'),
    flag(6, 'parity', 'Parity error response', 'rw'),
    flag(7, 'stepping', 'Address and data stepping', 'rw'),
    flag(8, 'serr', 'SERR# enable', 'rw'),
    flag(9, 'fast_b2b', 'Fast back-to-back enable', 'rw'),
    flag(10, 'intx_disable', 'Interrupt disable', 'rw'),
  ]),
  register(0x06, 2, 'status', 'Status', [
    flag(0, 'immediate_ready', 'Immediate readiness'),
    flag(3, 'intx', 'Interrupt status'),
    flag(4, 'capabilities', 'Capabilities list'),
    ...statusFields(),
    flag(14, 'sig_system_error', 'Signaled system error', 'w1c'),
    flag(15, 'parity_error', 'Detected parity error', 'w1c'),
  ]),
  whole(0x08, 1, 'revision', 'Revision ID'),
  whole(0x09, 1, 'prog_if', 'Programming interface'),
  register(0x0a, 2, 'class', 'Class code', [
    bits(7, 0, 'subclass', 'Subclass', 'ro', hex()),
    bits(15, 8, 'base', 'Base class', 'ro', hex()),
  ]),
  whole(0x0c, 1, 'cache_line', 'Cache line size', 'rw', number('bytes', 4)),
  whole(0x0d, 1, 'latency', 'Latency timer', 'rw', number('clocks')),
  register(0x0e, 1, 'type', 'Header type', [
    bits(6, 0, 'layout', 'Header layout', 'ro', values(['device', 'PCI bridge', 'CardBus bridge'])),
    flag(7, 'multifunction', 'Multi-function device'),
  ]),
  register(0x0f, 1, 'bist', 'Built-in self test', [
    bits(3, 0, 'result', 'Completion code', 'ro', hex()),
    flag(6, 'start', 'Start BIST', 'rw'),
    flag(7, 'capable', 'BIST capable'),
  ]),
];

/** Offsets 0x3c and 0x3d, alike in all headers. */
export const interruptRegisters: readonly Register[] = [
  whole(0x3c, 1, 'interrupt_line', 'Interrupt line', 'rw', number()),
  whole(0x3d, 1, 'interrupt_pin', 'Interrupt pin', 'ro', values(['none', 'A', 'B', 'C', 'D'])),
];

/** A base address register as one dword; `bars.ts` says what it means. */
export function barRegister(index: number): Register {
  return whole(0x10 + 4 * index, 4, `bar${index}`, `Base address ${index}`, 'rw');
}

/** Expansion ROM base address. */
export function romRegister(offset: number): Register {
  return register(offset, 4, 'rom', 'Expansion ROM base address', [
    flag(0, 'enable', 'Expansion ROM enable', 'rw'),
    bits(31, 11, 'address', 'Expansion ROM address', 'rw', hex(11)),
  ]);
}

/** What is known of a header whose layout has no table. */
export const headerCommon: RegisterTable = {
  name: 'header',
  title: 'Configuration header',
  source: 'PCI Local Bus 3.0, 6.1 and 6.2; PCI Express Base 6.0, 7.5.1.1',
  registers: commonRegisters,
};
