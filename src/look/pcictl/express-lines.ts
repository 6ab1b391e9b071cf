/** The decoded PCI Express capability of a dump: which of its registers are shown depends on the kind of port. */
import { hexDigits, pcie } from '../../pci/index.js';
import { fieldIn } from '../field-reader.js';
import { L0S_LATENCIES, L1_LATENCIES, link2Lines, linkLines } from './express-link-lines.js';
import { slotLines } from './express-slot-lines.js';
import { oneOf, TableLines, text, together, valueLine, type Lines } from './lines.js';

interface Port {
  readonly name: string;
  readonly link?: true;
  readonly slot?: true;
  readonly root?: true;
}

const PORTS: Readonly<Record<number, Port>> = {
  0x0: { name: 'PCI Express Endpoint device', link: true },
  0x1: { name: 'Legacy PCI Express Endpoint device', link: true },
  0x4: { name: 'Root Port of PCI Express Root Complex', link: true, slot: true, root: true },
  0x5: { name: 'Upstream Port of PCI Express Switch' },
  0x6: { name: 'Downstream Port of PCI Express Switch', slot: true, root: true },
  0x7: { name: 'PCI Express to PCI/PCI-X Bridge' },
  0x8: { name: 'PCI/PCI-X to PCI Express Bridge' },
  0x9: { name: 'Root Complex Integrated Endpoint' },
  0xa: { name: 'Root Complex Event Collector', root: true },
};
const UNKNOWN: Port = { name: 'unknown' };

const TIMEOUTS: Readonly<Record<number, string>> = {
  0x0: '50us to 50ms',
  0x5: '16ms to 55ms',
  0x6: '65ms to 210ms',
  0x9: '260ms to 900ms',
  0xa: '1s to 3.5s',
};

const payload = (exponent: number) => `${128 << exponent} byte`;

const lines = new TableLines(pcie);
const type = fieldIn(pcie, 'flags.type');
const version = fieldIn(pcie, 'flags.version');

const portOf = (kind: number) => PORTS[kind] ?? UNKNOWN;

const DEVICE = together([
  text('\n  PCI Express Capabilities Register\n'),
  lines.register('Capability register', 'flags', 4, ''),
  lines.value('Capability version', 'flags.version'),
  lines.value('Device type', 'flags.type', (kind) => portOf(kind).name),
  lines.flag('Slot implemented', 'flags.slot'),
  lines.value('Interrupt Message Number', 'flags.message_number', (value) => value.toString(16)),
  lines.register('Device Capabilities Register', 'devcap', 8),
  lines.value('Max Payload Size Supported', 'devcap.max_payload', (value) => `${128 << value} bytes max`),
  lines.value(
    'Phantom Functions Supported',
    'devcap.phantom',
    oneOf(['not available', 'MSB', 'two MSB', 'All three bits']),
  ),
  lines.value('Extended Tag Field Supported', 'devcap.ext_tag', oneOf(['5bit', '8bit'])),
  lines.value('Endpoint L0 Acceptable Latency', 'devcap.l0s_latency', oneOf(L0S_LATENCIES)),
  lines.value('Endpoint L1 Acceptable Latency', 'devcap.l1_latency', oneOf(L1_LATENCIES)),
  lines.flags('devcap', {
    'Attention Button Present': 'attention_button',
    'Attention Indicator Present': 'attention_indicator',
    'Power Indicator Present': 'power_indicator',
    'Role-Based Error Report': 'role_based_error',
  }),
  lines.value('Captured Slot Power Limit Value', 'devcap.slot_power'),
  lines.value('Captured Slot Power Limit Scale', 'devcap.slot_power_scale'),
  lines.flag('Function-Level Reset Capability', 'devcap.flr'),
  lines.register('Device Control Register', 'devctl', 4),
  lines.flags('devctl', {
    'Correctable Error Reporting Enable': 'correctable',
    'Non Fatal Error Reporting Enable': 'non_fatal',
    'Fatal Error Reporting Enable': 'fatal',
    'Unsupported Request Reporting Enable': 'unsupported',
    'Enable Relaxed Ordering': 'relaxed_order',
  }),
  lines.value('Max Payload Size', 'devctl.max_payload', payload),
  lines.flags('devctl', {
    'Extended Tag Field Enable': 'ext_tag',
    'Phantom Functions Enable': 'phantom',
    'Aux Power PM Enable': 'aux_power',
    'Enable No Snoop': 'no_snoop',
  }),
  lines.value('Max Read Request Size', 'devctl.max_read', payload),
  lines.register('Device Status Register', 'devsta', 4),
  lines.flags('devsta', {
    'Correctable Error Detected': 'correctable',
    'Non Fatal Error Detected': 'non_fatal',
    'Fatal Error Detected': 'fatal',
    'Unsupported Request Detected': 'unsupported',
    'Aux Power Detected': 'aux_power',
    'Transaction Pending': 'pending',
  }),
]);

const ROOT = together([
  lines.register('Root Control Register', 'rootctl', 4, ''),
  lines.flags('rootctl', {
    'SERR on Correctable Error Enable': 'correctable',
    'SERR on Non-Fatal Error Enable': 'non_fatal',
    'SERR on Fatal Error Enable': 'fatal',
    'PME Interrupt Enable': 'pme_interrupt',
    'CRS Software Visibility Enable': 'crs_visible',
  }),
  lines.register('Root Capability Register', 'rootcap', 4, ''),
  lines.register('Root Status Register', 'rootsta', 8, ''),
  (reader) => valueLine('PME Requester ID', hexDigits(reader.read(0x20, 2), 4)),
  lines.flags('rootsta', { 'PME was asserted': 'pme_status', 'another PME is pending': 'pme_pending' }),
]);

const DEVICE2 = together([
  lines.register('Device Capabilities 2', 'devcap2', 8),
  lines.value('Completion Timeout Ranges Supported', 'devcap2.timeout_ranges', (value) => `${value} `),
  lines.flags('devcap2', {
    'Completion Timeout Disable Supported': 'timeout_disable',
    'ARI Forwarding Supported': 'ari_forwarding',
    'AtomicOp Routing Supported': 'atomic_routing',
    '32bit AtomicOp Completer Supported': 'atomic32',
    '64bit AtomicOp Completer Supported': 'atomic64',
    '128-bit CAS Completer Supported': 'cas128',
    'No RO-enabled PR-PR passing': 'no_ro_pr_pr',
    'LTR Mechanism Supported': 'ltr',
  }),
  // Two flags of the table, one number here.
  (reader) => valueLine('TPH Completer Supported', (reader.read(0x24, 4) >>> 12) & 3),
  lines.value(
    'OBFF Supported',
    'devcap2.obff',
    oneOf(['Not supported', 'Message only', 'WAKE# only', 'Both']),
  ),
  lines.flags('devcap2', {
    'Extended Fmt Field Supported': 'ext_format',
    'End-End TLP Prefix Supported': 'end_end_prefix',
  }),
  lines.value('Max End-End TLP Prefixes', 'devcap2.max_prefixes'),
  lines.register('Device Control 2', 'devctl2', 4),
  lines.value(
    'Completion Timeout Value',
    'devctl2.timeout',
    (value) => TIMEOUTS[value] ?? `unknown ${value} value`,
  ),
  lines.flags('devctl2', {
    'Completion Timeout Disabled': 'timeout_disable',
    'ARI Forwarding Enabled': 'ari_forwarding',
    'AtomicOp Rquester Enabled': 'atomic_requester',
    'AtomicOp Egress Blocking': 'atomic_egress_block',
    'IDO Request Enabled': 'ido_request',
    'IDO Completion Enabled': 'ido_completion',
    'LTR Mechanism Enabled': 'ltr',
  }),
  lines.value(
    'OBFF',
    'devctl2.obff',
    oneOf([
      'Disabled',
      'Enabled with Message Signaling Variation A',
      'Enabled with Message Signaling Variation B',
      'Enabled using WAKE# signaling',
    ]),
  ),
  lines.flag('End-End TLP Prefix Blocking on', 'devctl2.prefix_block'),
]);

export const expressLines: Lines = (reader) => {
  const { link, slot, root } = portOf(type(reader));
  let all = DEVICE(reader);
  if (link) all += linkLines(reader);
  if (slot) all += slotLines(reader);
  if (root) all += ROOT(reader);
  if (version(reader) < 2) return all;
  all += DEVICE2(reader);
  return link ? all + link2Lines(reader) : all;
};
