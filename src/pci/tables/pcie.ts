/** Register table of the PCI Express capability: device and root registers; the rest is put together from its parts. */
import { bits, capabilityList, flag, hex, power2, register, sticky, values } from '../fields.js';
import type { Field, RegisterReader, RegisterTable } from '../registers.js';
import { link2Registers, linkRegisters } from './pcie-link.js';
import { slot2Registers, slotRegisters } from './pcie-slot.js';

/** Device/port types of the flags register that decide which registers are there. */
const BRIDGE_TO_PCI = 7;

const PORT_TYPES = values({
  0: 'endpoint',
  1: 'legacy endpoint',
  4: 'root port',
  5: 'upstream port',
  6: 'downstream port',
  7: 'PCIe to PCI bridge',
  8: 'PCI to PCIe bridge',
  9: 'integrated endpoint',
  10: 'event collector',
});

function portType(bytes: RegisterReader): number {
  return (bytes.read(2, 2) >> 4) & 0xf;
}

/** Version 1 of the structure ends before the second set of registers. */
function isVersion2(bytes: RegisterReader): boolean {
  return (bytes.read(2, 2) & 0xf) >= 2;
}

/** Root ports and event collectors. */
function hasRoot(bytes: RegisterReader): boolean {
  const type = portType(bytes);
  return type === 4 || type === 10;
}

function isBridge(bytes: RegisterReader): boolean {
  return portType(bytes) === BRIDGE_TO_PCI;
}

/** Device control; bit 15 is another thing in a bridge to PCI. */
function devctlFields(last: Field): Field[] {
  const payload = power2(128, 'bytes');
  return [
    flag(0, 'correctable', 'Correctable error reporting', 'rw'),
    flag(1, 'non_fatal', 'Non-fatal error reporting', 'rw'),
    flag(2, 'fatal', 'Fatal error reporting', 'rw'),
    flag(3, 'unsupported', 'Unsupported request reporting', 'rw'),
    flag(4, 'relaxed_order', 'Relaxed ordering', 'rw'),
    bits(7, 5, 'max_payload', 'Maximum payload size', 'rw', payload),
    flag(8, 'ext_tag', 'Extended tag field', 'rw'),
    flag(9, 'phantom', 'Phantom functions', 'rw'),
    sticky(flag(10, 'aux_power', 'Auxiliary power PM', 'rw')),
    flag(11, 'no_snoop', 'No snoop', 'rw'),
    bits(14, 12, 'max_read', 'Maximum read request size', 'rw', payload),
    last,
  ];
}

const L0S = ['< 64 ns', '< 128 ns', '< 256 ns', '< 512 ns', '< 1 us', '< 2 us', '< 4 us', 'no limit'];
const L1 = ['< 1 us', '< 2 us', '< 4 us', '< 8 us', '< 16 us', '< 32 us', '< 64 us', 'no limit'];

/** Completion timeouts; the letters of the ranges are those of device capabilities 2. */
const TIMEOUTS = values({
  0: '50 us to 50 ms',
  1: '50 us to 100 us',
  2: '1 ms to 10 ms',
  5: '16 ms to 55 ms',
  6: '65 ms to 210 ms',
  9: '260 ms to 900 ms',
  10: '1 s to 3.5 s',
  13: '4 s to 13 s',
  14: '17 s to 64 s',
});
const TIMEOUT_RANGES = values({
  0: 'none',
  1: 'A',
  2: 'B',
  3: 'AB',
  6: 'BC',
  7: 'ABC',
  14: 'BCD',
  15: 'ABCD',
});
const EMERGENCY_POWER = values(['none', 'device specific', 'form factor or device specific', 'reserved']);

export const pcie: RegisterTable = {
  name: 'pcie',
  title: 'PCI Express',
  source: 'PCI Express Base 6.0, 7.5.3',
  registers: [
    capabilityList(),
    register(2, 2, 'flags', 'PCI Express capabilities', [
      bits(3, 0, 'version', 'Capability version'),
      bits(7, 4, 'type', 'Device or port type', 'ro', PORT_TYPES),
      flag(8, 'slot', 'Slot implemented'),
      bits(13, 9, 'message_number', 'Interrupt message number'),
      flag(15, 'flit', 'Flit mode supported'),
    ]),
    register(4, 4, 'devcap', 'Device capabilities', [
      bits(2, 0, 'max_payload', 'Maximum payload size', 'ro', power2(128, 'bytes')),
      bits(4, 3, 'phantom', 'Function number bits for phantom functions'),
      flag(5, 'ext_tag', 'Extended tag field'),
      bits(8, 6, 'l0s_latency', 'Acceptable L0s latency', 'ro', values(L0S)),
      bits(11, 9, 'l1_latency', 'Acceptable L1 latency', 'ro', values(L1)),
      // Bits 14:12 left the specification after 1.0a; devices still set them.
      flag(12, 'attention_button', 'Attention button'),
      flag(13, 'attention_indicator', 'Attention indicator'),
      flag(14, 'power_indicator', 'Power indicator'),
      flag(15, 'role_based_error', 'Role-based error reporting'),
      flag(16, 'err_cor_subclass', 'ERR_COR subclass'),
      bits(25, 18, 'slot_power', 'Captured slot power limit'),
      bits(
        27,
        26,
        'slot_power_scale',
        'Captured slot power scale',
        'ro',
        values(['1 W', '0.1 W', '0.01 W', '0.001 W']),
      ),
      flag(28, 'flr', 'Function level reset'),
      flag(29, 'mixed_payload', 'Mixed maximum payload sizes'),
      flag(30, 'tee_io', 'TEE-IO'),
    ]),
    register(
      8,
      2,
      'devctl',
      'Device control',
      devctlFields(flag(15, 'flr', 'Initiate function level reset', 'rw')),
      (bytes) => !isBridge(bytes),
    ),
    register(
      8,
      2,
      'devctl',
      'Device control',
      devctlFields(flag(15, 'bridge_retry', 'Bridge configuration retry', 'rw')),
      isBridge,
    ),
    register(0xa, 2, 'devsta', 'Device status', [
      flag(0, 'correctable', 'Correctable error detected', 'w1c'),
      flag(1, 'non_fatal', 'Non-fatal error detected', 'w1c'),
      flag(2, 'fatal', 'Fatal error detected', 'w1c'),
      flag(3, 'unsupported', 'Unsupported request detected', 'w1c'),
      flag(4, 'aux_power', 'Auxiliary power detected'),
      flag(5, 'pending', 'Transactions pending'),
      flag(6, 'emergency_power', 'Emergency power reduction detected', 'w1c'),
    ]),
    ...linkRegisters,
    ...slotRegisters,
    register(
      0x1c,
      2,
      'rootctl',
      'Root control',
      [
        flag(0, 'correctable', 'System error on correctable error', 'rw'),
        flag(1, 'non_fatal', 'System error on non-fatal error', 'rw'),
        flag(2, 'fatal', 'System error on fatal error', 'rw'),
        flag(3, 'pme_interrupt', 'PME interrupt enable', 'rw'),
        flag(4, 'crs_visible', 'Configuration retry visible to software', 'rw'),
      ],
      hasRoot,
    ),
    register(
      0x1e,
      2,
      'rootcap',
      'Root capabilities',
      [flag(0, 'crs_visible', 'Configuration retry can be visible')],
      hasRoot,
    ),
    register(
      0x20,
      4,
      'rootsta',
      'Root status',
      [
        bits(15, 0, 'pme_requester', 'PME requester ID', 'ro', hex()),
        flag(16, 'pme_status', 'PME status', 'w1c'),
        flag(17, 'pme_pending', 'PME pending'),
      ],
      hasRoot,
    ),
    register(
      0x24,
      4,
      'devcap2',
      'Device capabilities 2',
      [
        bits(3, 0, 'timeout_ranges', 'Completion timeout ranges', 'ro', TIMEOUT_RANGES),
        flag(4, 'timeout_disable', 'Completion timeout disable'),
        flag(5, 'ari_forwarding', 'ARI forwarding'),
        flag(6, 'atomic_routing', 'AtomicOp routing'),
        flag(7, 'atomic32', '32-bit AtomicOp completer'),
        flag(8, 'atomic64', '64-bit AtomicOp completer'),
        flag(9, 'cas128', '128-bit compare and swap completer'),
        flag(10, 'no_ro_pr_pr', 'No relaxed ordering between posted requests passed on'),
        flag(11, 'ltr', 'Latency tolerance reporting'),
        flag(12, 'tph_completer', 'Processing hints completer'),
        flag(13, 'ext_tph_completer', 'Extended processing hints completer'),
        bits(
          15,
          14,
          'ln_cls',
          'LN system cache line size',
          'ro',
          values(['none', '64 bytes', '128 bytes', 'reserved']),
        ),
        flag(16, 'tag10_completer', '10-bit tag completer'),
        flag(17, 'tag10_requester', '10-bit tag requester'),
        bits(
          19,
          18,
          'obff',
          'Buffer flush and fill',
          'ro',
          values(['none', 'message', 'WAKE#', 'message and WAKE#']),
        ),
        flag(20, 'ext_format', 'Extended format field'),
        flag(21, 'end_end_prefix', 'End-to-end TLP prefixes'),
        bits(23, 22, 'max_prefixes', 'Most end-to-end TLP prefixes', 'ro', values(['4', '1', '2', '3'])),
        bits(25, 24, 'emergency_power', 'Emergency power reduction', 'ro', EMERGENCY_POWER),
        flag(26, 'emergency_power_init', 'Emergency power reduction needs initialization'),
        flag(31, 'frs', 'Function readiness status'),
      ],
      isVersion2,
    ),
    register(
      0x28,
      2,
      'devctl2',
      'Device control 2',
      [
        bits(3, 0, 'timeout', 'Completion timeout', 'rw', TIMEOUTS),
        flag(4, 'timeout_disable', 'Completion timeout disable', 'rw'),
        flag(5, 'ari_forwarding', 'ARI forwarding', 'rw'),
        flag(6, 'atomic_requester', 'AtomicOp requester', 'rw'),
        flag(7, 'atomic_egress_block', 'AtomicOp egress blocking', 'rw'),
        flag(8, 'ido_request', 'ID-based ordering of requests', 'rw'),
        flag(9, 'ido_completion', 'ID-based ordering of completions', 'rw'),
        flag(10, 'ltr', 'Latency tolerance reporting', 'rw'),
        flag(11, 'emergency_power_request', 'Emergency power reduction request', 'rw'),
        flag(12, 'tag10_requester', '10-bit tag requester', 'rw'),
        bits(
          14,
          13,
          'obff',
          'Buffer flush and fill',
          'rw',
          values(['off', 'message A', 'message B', 'WAKE#']),
        ),
        flag(15, 'prefix_block', 'End-to-end TLP prefix blocking', 'rw'),
      ],
      isVersion2,
    ),
    register(0x2a, 2, 'devsta2', 'Device status 2', [], isVersion2),
    ...link2Registers,
    ...slot2Registers,
  ],
};
