/** Register table of the type 1 header: a bridge between two PCI buses. */
import { bits, flag, hex, number, register, values, whole } from '../fields.js';
import type { Field, RegisterTable } from '../registers.js';
import {
  barRegister,
  commonRegisters,
  interruptRegisters,
  romRegister,
  statusFields,
} from './header-common.js';

/** 4 KiB pages of ports in the high nibble, the decoder's width in the low one. */
function ioWindow(): Field[] {
  return [
    bits(3, 0, 'type', 'I/O addressing', 'ro', values(['16 bits', '32 bits'])),
    bits(7, 4, 'address', 'Address bits 15:12', 'rw', hex(12)),
  ];
}

/** Megabytes in the upper 12 bits. */
function memoryWindow(): Field {
  return bits(15, 4, 'address', 'Address bits 31:20', 'rw', hex(20));
}

function prefetchWindow(): Field[] {
  return [bits(3, 0, 'type', 'Addressing', 'ro', values(['32 bits', '64 bits'])), memoryWindow()];
}

export const header1: RegisterTable = {
  name: 'header',
  title: 'Type 1 configuration header',
  source: 'PCI-to-PCI Bridge Architecture 1.2, 3.2; PCI Express Base 6.0, 7.5.1.3',
  registers: [
    ...commonRegisters,
    ...[0, 1].map(barRegister),
    whole(0x18, 1, 'primary_bus', 'Primary bus number', 'rw'),
    whole(0x19, 1, 'secondary_bus', 'Secondary bus number', 'rw'),
    whole(0x1a, 1, 'subordinate_bus', 'Subordinate bus number', 'rw'),
    whole(0x1b, 1, 'secondary_latency', 'Secondary latency timer', 'rw', number('clocks')),
    register(0x1c, 1, 'io_base', 'I/O base', ioWindow()),
    register(0x1d, 1, 'io_limit', 'I/O limit', ioWindow()),
    register(0x1e, 2, 'secondary_status', 'Secondary status', [
      ...statusFields(),
      flag(14, 'rcv_system_error', 'Received system error', 'w1c'),
      flag(15, 'parity_error', 'Detected parity error', 'w1c'),
    ]),
    register(0x20, 2, 'memory_base', 'Memory base', [memoryWindow()]),
    register(0x22, 2, 'memory_limit', 'Memory limit', [memoryWindow()]),
    register(0x24, 2, 'prefetch_base', 'Prefetchable memory base', prefetchWindow()),
    register(0x26, 2, 'prefetch_limit', 'Prefetchable memory limit', prefetchWindow()),
    whole(0x28, 4, 'prefetch_base_upper', 'Prefetchable memory base, upper half', 'rw'),
    whole(0x2c, 4, 'prefetch_limit_upper', 'Prefetchable memory limit, upper half', 'rw'),
    whole(0x30, 2, 'io_base_upper', 'I/O base, upper half', 'rw'),
    whole(0x32, 2, 'io_limit_upper', 'I/O limit, upper half', 'rw'),
    whole(0x34, 1, 'capabilities', 'Capabilities pointer'),
    romRegister(0x38),
    ...interruptRegisters,
    register(0x3e, 2, 'bridge_control', 'Bridge control', [
      flag(0, 'parity', 'Parity error response enable', 'rw'),
      flag(1, 'serr', 'SERR# enable', 'rw'),
      flag(2, 'isa', 'ISA enable', 'rw'),
      flag(3, 'vga', 'VGA enable', 'rw'),
      flag(4, 'vga16', 'VGA 16-bit decode', 'rw'),
      flag(5, 'master_abort', 'Master abort mode', 'rw'),
      flag(6, 'secondary_reset', 'Secondary bus reset', 'rw'),
      flag(7, 'fast_b2b', 'Fast back-to-back enable', 'rw'),
      flag(8, 'primary_discard', 'Primary discard timer', 'rw'),
      flag(9, 'secondary_discard', 'Secondary discard timer', 'rw'),
      flag(10, 'discard_status', 'Discard timer status', 'w1c'),
      flag(11, 'discard_serr', 'Discard timer SERR# enable', 'rw'),
    ]),
  ],
};
