/** Register tables of the DVSECs of CXL ports: extensions of a port, and the flex bus that its link runs over. */
import { bits, flag, hex, register, sticky, whole } from '../../fields.js';
import type { Access, Field, Register } from '../../registers.js';
import { cxlTable, reaches } from './cxl-dvsec.js';

/** Address bits 31:20 in the upper 12 bits. */
function megabytes(offset: number, name: string, title: string): Register {
  return register(offset, 2, name, title, [bits(15, 4, 'address', 'Address bits 31:20', 'rw', hex(20))]);
}

export const cxlPort = cxlTable('cxl_port', 'CXL Extensions DVSEC for Ports', '8.1.5', [
  register(0x0a, 2, 'status', 'CXL port extension status', [
    flag(0, 'pm_init', 'Port power management initialization complete'),
    sticky(flag(14, 'viral', 'Viral status', 'w1c')),
  ]),
  register(0x0c, 2, 'control', 'Port control extensions', [
    flag(0, 'unmask_reset', 'Unmask secondary bus reset', 'rw'),
    flag(1, 'unmask_link_disable', 'Unmask link disable', 'rw'),
    flag(2, 'alt_memory', 'Alternate memory and ID space enable', 'rw'),
    flag(3, 'alt_bus_master', 'Alternate bus master enable', 'rw'),
    flag(4, 'uio_to_hdm', 'UIO to HDM enable', 'rw'),
    flag(14, 'viral', 'Viral enable', 'rw'),
  ]),
  whole(0x0e, 1, 'alt_bus_base', 'Alternate bus base', 'rw'),
  whole(0x0f, 1, 'alt_bus_limit', 'Alternate bus limit', 'rw'),
  megabytes(0x10, 'alt_memory_base', 'Alternate memory base'),
  megabytes(0x12, 'alt_memory_limit', 'Alternate memory limit'),
  megabytes(0x14, 'alt_prefetch_base', 'Alternate prefetchable memory base'),
  megabytes(0x16, 'alt_prefetch_limit', 'Alternate prefetchable memory limit'),
  whole(0x18, 4, 'alt_prefetch_base_upper', 'Alternate prefetchable memory base, upper half', 'rw'),
  whole(0x1c, 4, 'alt_prefetch_limit_upper', 'Alternate prefetchable memory limit, upper half', 'rw'),
  register(0x20, 4, 'rcrb_base', 'CXL RCRB base', [
    flag(0, 'enable', 'CXL RCRB enable', 'rw'),
    bits(31, 13, 'address', 'CXL RCRB base, bits 31:13', 'rw', hex(13)),
  ]),
  whole(0x24, 4, 'rcrb_base_upper', 'CXL RCRB base, upper half', 'rw'),
]);

/** Alike in capability, control and status: the protocols and the forms of flits. */
function protocols(access: Access, suffix: string): Field[] {
  return [
    flag(0, 'cache', `CXL.cache ${suffix}`, access),
    // A port that carries CXL at all carries CXL.io, and says so in every register.
    flag(1, 'io', `CXL.io ${suffix}`),
    flag(2, 'mem', `CXL.mem ${suffix}`, access),
    flag(5, 'flit68', `68B flit and VH ${suffix}`, access),
    flag(6, 'mld', `Multi-logical device ${suffix}`, access),
    flag(13, 'flit256', `Latency optimized 256B flit ${suffix}`, access),
    flag(14, 'pbr_flit', `PBR flit ${suffix}`, access),
  ];
}

/** Named `cxl_flex_bus` after the bus, which carries PCI Express or CXL on the same pins. */
export const cxlFlexBus = cxlTable('cxl_flex_bus', 'PCIe DVSEC for Flex Bus Port', '8.2.1.3', [
  register(0x0a, 2, 'cap', 'Flex bus port capability', protocols('ro', 'capable')),
  register(0x0c, 2, 'control', 'Flex bus port control', [
    ...protocols('rw', 'enable'),
    flag(3, 'sync_header_bypass', 'Sync header bypass enable', 'rw'),
    flag(4, 'drift_buffer', 'Drift buffer enable', 'rw'),
    flag(7, 'rcd_disable', 'Disable RCD training', 'rw'),
    flag(8, 'retimer1', 'Retimer 1 present', 'rw'),
    flag(9, 'retimer2', 'Retimer 2 present', 'rw'),
  ]),
  register(0x0e, 2, 'status', 'Flex bus port status', [
    ...protocols('ro', 'enabled'),
    flag(3, 'sync_header_bypass', 'Sync header bypass enabled'),
    flag(4, 'drift_buffer', 'Drift buffer enabled'),
    sticky(flag(8, 'correctable_framing', 'Correctable protocol ID framing error', 'w1c')),
    sticky(flag(9, 'uncorrectable_framing', 'Uncorrectable protocol ID framing error', 'w1c')),
    sticky(flag(10, 'protocol_dropped', 'Unexpected protocol ID dropped', 'w1c')),
    sticky(flag(11, 'retimers_mismatch', 'Retimers present mismatched', 'w1c')),
    sticky(flag(12, 'enable_mismatch', 'Flex bus enable bits of phase 2 mismatched', 'w1c')),
  ]),
  register(
    0x10,
    4,
    'modified_ts',
    'Received modified TS data of phase 1',
    [bits(23, 0, 'data', 'Flex bus data', 'ro', hex())],
    reaches(0x14),
  ),
  register(
    0x14,
    4,
    'cap2',
    'Flex bus port capability 2',
    [flag(0, 'nop_hint', 'NOP hint capable')],
    reaches(0x18),
  ),
  register(
    0x18,
    4,
    'control2',
    'Flex bus port control 2',
    [flag(0, 'nop_hint', 'NOP hint enable', 'rw')],
    reaches(0x1c),
  ),
  register(
    0x1c,
    4,
    'status2',
    'Flex bus port status 2',
    [bits(1, 0, 'nop_hint', 'NOP hint information')],
    reaches(0x20),
  ),
]);
