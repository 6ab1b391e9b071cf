/** Register table of the DVSEC of CXL devices: what a device can do, and the memory that it offers. */
import { bits, flag, hex, register, sticky, values, whole } from '../../fields.js';
import type { Register } from '../../registers.js';
import { cxlTable, reaches } from './cxl-dvsec.js';

const RESET_TIMEOUT = values(['10 ms', '100 ms', '1 s', '10 s', '100 s']);
const FALLBACK = values(['none', 'PCIe', 'CXL type 1', 'CXL type 3']);
const MEDIA = values(['volatile', 'non-volatile', 'from CDAT']);
const MEMORY_CLASS = values(['memory', 'storage', 'from CDAT']);
const INTERLEAVE = values(['none', '256', '4096', '512', '1024', '2048', '8192', '16384']);
const ACTIVE_TIMEOUT = values(['1 s', '4 s', '16 s', '64 s', '256 s']);

/** Four registers from `offset` on: size and base, the upper halves first. */
function memoryRange(offset: number, range: number): Register[] {
  const name = `range${range}`;
  return [
    whole(offset, 4, `${name}_size_high`, `Range ${range} size, bits 63:32`),
    register(offset + 4, 4, `${name}_size_low`, `Range ${range} size, low half`, [
      flag(0, 'valid', 'Memory information valid'),
      flag(1, 'active', 'Memory active'),
      bits(4, 2, 'media', 'Media type', 'ro', MEDIA),
      bits(7, 5, 'class', 'Memory class', 'ro', MEMORY_CLASS),
      bits(12, 8, 'interleave', 'Desired interleave in bytes', 'ro', INTERLEAVE),
      bits(15, 13, 'timeout', 'Memory active timeout', 'ro', ACTIVE_TIMEOUT),
      flag(16, 'degraded', 'Memory active, degraded'),
      bits(31, 28, 'size', 'Memory size, bits 31:28', 'ro', hex(28)),
    ]),
    whole(offset + 8, 4, `${name}_base_high`, `Range ${range} base, bits 63:32`, 'rw'),
    register(offset + 12, 4, `${name}_base_low`, `Range ${range} base, low half`, [
      bits(31, 28, 'base', 'Memory base, bits 31:28', 'rw', hex(28)),
    ]),
  ];
}

export const cxlDevice = cxlTable('cxl_device', 'PCIe DVSEC for CXL Devices', '8.1.3', [
  register(0x0a, 2, 'cap', 'CXL capability', [
    flag(0, 'cache', 'CXL.cache capable'),
    flag(1, 'io', 'CXL.io capable'),
    flag(2, 'mem', 'CXL.mem capable'),
    flag(3, 'mem_init', 'Memory initialized by hardware'),
    bits(5, 4, 'hdm_count', 'HDM ranges'),
    flag(6, 'write_back', 'Cache write-back and invalidate capable'),
    flag(7, 'reset', 'CXL reset capable'),
    bits(10, 8, 'reset_timeout', 'CXL reset timeout', 'ro', RESET_TIMEOUT),
    flag(11, 'reset_clear', 'CXL reset memory clear capable'),
    flag(12, 'tsp', 'TSP capable'),
    flag(13, 'mld', 'Multiple logical device'),
    flag(14, 'viral', 'Viral capable'),
    flag(15, 'pm_init', 'PM initialization completion reporting capable'),
  ]),
  register(0x0c, 2, 'control', 'CXL control', [
    flag(0, 'cache', 'CXL.cache enable', 'rw'),
    flag(1, 'io', 'CXL.io enable'),
    flag(2, 'mem', 'CXL.mem enable', 'rw'),
    bits(7, 3, 'filter_coverage', 'Cache snoop filter coverage', 'rw'),
    bits(10, 8, 'filter_granularity', 'Cache snoop filter granularity', 'rw'),
    flag(11, 'clean_eviction', 'Cache clean eviction', 'rw'),
    flag(12, 'direct_p2p', 'Direct P2P memory enable', 'rw'),
    flag(14, 'viral', 'Viral enable', 'rw'),
  ]),
  register(0x0e, 2, 'status', 'CXL status', [sticky(flag(14, 'viral', 'Viral status', 'w1c'))]),
  register(0x10, 2, 'control2', 'CXL control 2', [
    flag(0, 'disable_caching', 'Disable caching', 'rw'),
    flag(1, 'write_back', 'Initiate cache write-back and invalidation', 'rw'),
    flag(2, 'reset', 'Initiate CXL reset', 'rw'),
    flag(3, 'reset_clear', 'CXL reset memory clear enable', 'rw'),
    flag(4, 'hot_reset_state', 'Desired volatile HDM state after hot reset', 'rw'),
    flag(5, 'modified_completion', 'Modified completion enable', 'rw'),
  ]),
  register(0x12, 2, 'status2', 'CXL status 2', [
    flag(0, 'cache_invalid', 'Cache invalid'),
    flag(1, 'reset_complete', 'CXL reset complete'),
    flag(2, 'reset_error', 'CXL reset error'),
    sticky(flag(3, 'preservation_error', 'Volatile HDM preservation error', 'w1c')),
    flag(15, 'pm_init', 'Power management initialization complete'),
  ]),
  register(0x14, 2, 'lock', 'CXL lock', [flag(0, 'locked', 'Configuration lock', 'rw')]),
  register(0x16, 2, 'cap2', 'CXL capability 2', [
    bits(3, 0, 'cache_unit', 'Cache size unit', 'ro', values(['not reported', '64 KB', '1 MB'])),
    bits(5, 4, 'fallback', 'Fallback capability', 'ro', FALLBACK),
    flag(6, 'modified_completion', 'Modified completion capable'),
    flag(7, 'no_clean_write_back', 'No clean write-back'),
    bits(15, 8, 'cache_size', 'Cache size in its unit'),
  ]),
  ...memoryRange(0x18, 1),
  ...memoryRange(0x28, 2),
  register(
    0x38,
    2,
    'cap3',
    'CXL capability 3',
    [
      flag(0, 'cold_reset_state', 'Default volatile HDM state after cold reset'),
      flag(1, 'warm_reset_state', 'Default volatile HDM state after warm reset'),
      flag(2, 'hot_reset_state', 'Default volatile HDM state after hot reset'),
      flag(3, 'hot_reset_configurable', 'Volatile HDM state after hot reset is configurable'),
      flag(4, 'direct_p2p', 'Direct P2P memory capable'),
    ],
    reaches(0x3c),
  ),
]);
