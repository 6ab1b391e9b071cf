/** Register table of single root I/O virtualization. */
import { bits, extendedCapability, flag, hex, number, register, repeated, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';

/** Bits of the page sizes: bit n stands for 4096 << n bytes. */
const PAGE_SIZES = hex();

export const sriov: RegisterTable = {
  name: 'sriov',
  title: 'Single Root I/O Virtualization',
  source: 'PCI Express Base 6.0, 9.3.3',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'SR-IOV capabilities', [
      flag(0, 'migration', 'VF migration capable'),
      flag(1, 'ari_preserved', 'ARI capable hierarchy preserved'),
      flag(2, 'tag10', 'VF 10-bit tag requester supported'),
      flag(3, 'tag14', 'VF 14-bit tag requester supported'),
      bits(31, 21, 'message_number', 'VF migration interrupt message number'),
    ]),
    register(0x08, 2, 'control', 'SR-IOV control', [
      flag(0, 'enable', 'VF enable', 'rw'),
      flag(1, 'migration', 'VF migration', 'rw'),
      flag(2, 'migration_interrupt', 'VF migration interrupt', 'rw'),
      flag(3, 'memory', 'VF memory space', 'rw'),
      flag(4, 'ari', 'ARI capable hierarchy', 'rw'),
      flag(5, 'tag10', 'VF 10-bit tag requester', 'rw'),
      flag(6, 'tag14', 'VF 14-bit tag requester', 'rw'),
    ]),
    register(0x0a, 2, 'status', 'SR-IOV status', [flag(0, 'migration', 'VF migration', 'w1c')]),
    whole(0x0c, 2, 'initial_vfs', 'VFs at first', 'ro', number()),
    whole(0x0e, 2, 'total_vfs', 'VFs at most', 'ro', number()),
    whole(0x10, 2, 'num_vfs', 'VFs', 'rw', number()),
    whole(0x12, 1, 'dependency', 'Function dependency link', 'ro', hex()),
    whole(0x14, 2, 'first_vf', 'First VF offset', 'ro', number()),
    whole(0x16, 2, 'stride', 'VF stride', 'ro', number()),
    whole(0x1a, 2, 'device', 'VF device ID', 'ro', hex()),
    whole(0x1c, 4, 'supported_pages', 'Supported page sizes', 'ro', PAGE_SIZES),
    whole(0x20, 4, 'page', 'System page size', 'rw', PAGE_SIZES),
    repeated(whole(0x24, 4, 'bar', 'VF BAR', 'rw', hex()), 6, 4),
    register(0x3c, 4, 'migration_state', 'VF migration state array', [
      bits(2, 0, 'bir', 'BAR'),
      bits(31, 3, 'offset', 'Offset in the BAR', 'ro', hex(3)),
    ]),
  ],
};
