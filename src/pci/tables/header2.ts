/** Register table of the type 2 header: a bridge to a CardBus slot. */
import { bits, flag, hex, number, register, values, whole } from '../fields.js';
import type { Register, RegisterTable } from '../registers.js';
import { barRegister, commonRegisters, interruptRegisters, statusFields } from './header-common.js';

/** Whole pages of memory; the limit's page belongs to the window. */
function memoryWindow(number: 0 | 1): Register[] {
  const offset = 0x1c + 8 * number;
  return [
    register(offset, 4, `memory_base${number}`, `Memory base ${number}`, [
      bits(31, 12, 'address', 'Address bits 31:12', 'rw', hex(12)),
    ]),
    register(offset + 4, 4, `memory_limit${number}`, `Memory limit ${number}`, [
      bits(31, 12, 'address', 'Address bits 31:12', 'rw', hex(12)),
    ]),
  ];
}

/** Dwords of ports; the limit's dword belongs to the window. The decoder's width is told by the base alone. */
function ioWindow(number: 0 | 1): Register[] {
  const offset = 0x2c + 8 * number;
  return [
    register(offset, 4, `io_base${number}`, `I/O base ${number}`, [
      bits(1, 0, 'type', 'I/O addressing', 'ro', values(['16 bits', '32 bits'])),
      bits(31, 2, 'address', 'Address bits 31:2', 'rw', hex(2)),
    ]),
    register(offset + 4, 4, `io_limit${number}`, `I/O limit ${number}`, [
      bits(31, 2, 'address', 'Address bits 31:2', 'rw', hex(2)),
    ]),
  ];
}

export const header2: RegisterTable = {
  name: 'header',
  title: 'Type 2 configuration header',
  source: 'PC Card Standard 8, PCI to CardBus bridge register description',
  registers: [
    ...commonRegisters,
    barRegister(0),
    whole(0x14, 1, 'capabilities', 'Capabilities pointer'),
    register(0x16, 2, 'secondary_status', 'Secondary status', [
      ...statusFields(),
      flag(14, 'rcv_system_error', 'Received system error', 'w1c'),
      flag(15, 'parity_error', 'Detected parity error', 'w1c'),
    ]),
    whole(0x18, 1, 'primary_bus', 'Primary bus number', 'rw'),
    whole(0x19, 1, 'secondary_bus', 'CardBus bus number', 'rw'),
    whole(0x1a, 1, 'subordinate_bus', 'Subordinate bus number', 'rw'),
    whole(0x1b, 1, 'secondary_latency', 'CardBus latency timer', 'rw', number('clocks')),
    ...memoryWindow(0),
    ...memoryWindow(1),
    ...ioWindow(0),
    ...ioWindow(1),
    ...interruptRegisters,
    register(0x3e, 2, 'bridge_control', 'Bridge control', [
      flag(0, 'parity', 'Parity error response enable', 'rw'),
      flag(1, 'serr', 'SERR# enable', 'rw'),
      flag(2, 'isa', 'ISA enable', 'rw'),
      flag(3, 'vga', 'VGA enable', 'rw'),
      flag(5, 'master_abort', 'Master abort mode', 'rw'),
      flag(6, 'secondary_reset', 'CardBus reset', 'rw'),
      flag(7, 'interrupt16', 'Interrupts of 16-bit cards', 'rw'),
      flag(8, 'prefetch0', 'Memory window 0 is prefetchable', 'rw'),
      flag(9, 'prefetch1', 'Memory window 1 is prefetchable', 'rw'),
      flag(10, 'posted_writes', 'Write posting enable', 'rw'),
    ]),
    whole(0x40, 2, 'subsystem_vendor', 'Subsystem vendor ID'),
    whole(0x42, 2, 'subsystem', 'Subsystem ID'),
    whole(0x44, 4, 'legacy_base', 'Base of the 16-bit card legacy ports', 'rw'),
  ],
};
