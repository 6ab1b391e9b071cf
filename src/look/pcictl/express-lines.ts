/** The decoded PCI Express capability of a dump: which of its registers there are depends on the kind of port. */
import { hexDigits, hexNumber, pcie } from '../../pci/index.js';
import { fieldIn } from '../lspci/items.js';
import { TableLines, text, together, valueLine, type Lines } from './lines.js';

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

const SPEEDS = ['2.5', '5.0', '8.0'];

/** From 1 on; NetBSD knows three. */
function speedText(value: number): string {
  const speed = SPEEDS[value - 1];
  return speed === undefined ? `unknown ${value} value` : `${speed}GT/s`;
}

const L0S = [
  'Less than 64ns',
  '64ns to less than 128ns',
  '128ns to less than 256ns',
  '256ns to less than 512ns',
  '512ns to less than 1us',
  '1us to less than 2us',
  '2us - 4us',
  'More than 4us',
];
const L1 = [
  'Less than 1us',
  '1us to less than 2us',
  '2us to less than 4us',
  '4us to less than 8us',
  '8us to less than 16us',
  '16us to less than 32us',
  '32us - 64us',
  'More than 64us',
];
const TIMEOUTS: Readonly<Record<number, string>> = {
  0x0: '50us to 50ms',
  0x5: '16ms to 55ms',
  0x6: '65ms to 210ms',
  0x9: '260ms to 900ms',
  0xa: '1s to 3.5s',
};

const oneOf = (words: readonly string[]) => (value: number) => words[value] ?? '';
const INDICATOR = oneOf(['reserved', 'on', 'blink', 'off']);
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
  lines.value('Endpoint L0 Acceptable Latency', 'devcap.l0s_latency', oneOf(L0S)),
  lines.value('Endpoint L1 Acceptable Latency', 'devcap.l1_latency', oneOf(L1)),
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

const LINK = together([
  lines.register('Link Capabilities Register', 'lnkcap', 8),
  lines.value('Maximum Link Speed', 'lnkcap.max_speed', speedText),
  lines.value('Maximum Link Width', 'lnkcap.max_width', (width) => `x${width} lanes`),
  lines.value(
    'Active State PM Support',
    'lnkcap.aspm',
    oneOf(['Reserved value', 'L0s Entry supported', 'Reserved value', 'L0s and L1 supported']),
  ),
  lines.value('L0 Exit Latency', 'lnkcap.l0s_exit', oneOf(L0S)),
  lines.value('L1 Exit Latency', 'lnkcap.l1_exit', oneOf(L1)),
  lines.value('Port Number', 'lnkcap.port'),
  lines.flags('lnkcap', {
    'Clock Power Management': 'clock_pm',
    'Surprise Down Error Report': 'surprise_down',
    'Data Link Layer Link Active': 'active_reporting',
    'Link BW Notification Capable': 'bandwidth_notify',
    'ASPM Optionally Compliance': 'aspm_optional',
  }),
  lines.register('Link Control Register', 'lnkctl', 4),
  lines.value(
    'Active State PM Control',
    'lnkctl.aspm',
    oneOf(['disabled', 'L0s Entry Enabled', 'L1 Entry Enabled', 'L0s and L1 Entry Enabled']),
  ),
  lines.flag('Read Completion Boundary Control', 'lnkctl.rcb', '128bytes', '64bytes'),
  lines.flags('lnkctl', {
    'Link Disable': 'disable',
    'Retrain Link': 'retrain',
    'Common Clock Configuration': 'common_clock',
    'Extended Synch': 'ext_synch',
    'Enable Clock Power Management': 'clock_pm',
    'Hardware Autonomous Width Disable': 'auto_width_disable',
    'Link Bandwidth Management Interrupt Enable': 'bandwidth_interrupt',
    'Link Autonomous Bandwidth Interrupt Enable': 'auto_bandwidth_interrupt',
  }),
  lines.register('Link Status Register', 'lnksta', 4),
  lines.value('Negotiated Link Speed', 'lnksta.speed', speedText),
  lines.value('Negotiated Link Width', 'lnksta.width', (width) => `x${width} lanes`),
  lines.flags('lnksta', {
    'Training Error': 'training_error',
    'Link Training': 'training',
    'Slot Clock Configuration': 'slot_clock',
    'Data Link Layer Link Active': 'active',
    'Link Bandwidth Management Status': 'bandwidth_status',
    'Link Autonomous Bandwidth Status': 'auto_bandwidth_status',
  }),
]);

const SLOT = together([
  lines.register('Slot Capability Register', 'sltcap', 8, ''),
  lines.flags('sltcap', {
    'Attention Button Present': 'attention_button',
    'Power Controller Present': 'power_controller',
    'MRL Sensor Present': 'mrl_sensor',
    'Attention Indicator Present': 'attention_indicator',
    'Power Indicator Present': 'power_indicator',
    'Hot-Plug Surprise': 'surprise',
    'Hot-Plug Capable': 'hot_plug',
  }),
  lines.value('Slot Power Limit Value', 'sltcap.power'),
  lines.value('Slot Power Limit Scale', 'sltcap.power_scale'),
  lines.flags('sltcap', {
    'Electromechanical Interlock Present': 'interlock',
    'No Command Completed Support': 'no_command_completed',
  }),
  lines.value('Physical Slot Number', 'sltcap.number'),
  lines.register('Slot Control Register', 'sltctl', 4, ''),
  lines.flags('sltctl', {
    'Attention Button Pressed Enabled': 'attention_button',
    'Power Fault Detected Enabled': 'power_fault',
    'MRL Sensor Changed Enabled': 'mrl_changed',
    'Presense Detect Changed Enabled': 'presence_changed',
    'Command Completed Interrupt Enabled': 'command_completed',
    'Hot-Plug Interrupt Enabled': 'hot_plug_interrupt',
  }),
  lines.value('Attention Indicator Control', 'sltctl.attention_indicator', INDICATOR),
  lines.value('Power Indicator Control', 'sltctl.power_indicator', INDICATOR),
  lines.flags('sltctl', {
    'Power Controller Control': 'power_off',
    'Electromechanical Interlock Control': 'interlock',
    'Data Link Layer State Changed Enable': 'link_changed',
  }),
  lines.register('Slot Status Register', 'sltsta', 4, ''),
  lines.flags('sltsta', {
    'Attention Button Pressed': 'attention_button',
    'Power Fault Detected': 'power_fault',
    'MRL Sensor Changed': 'mrl_changed',
    'Presense Detect Changed': 'presence_changed',
    'Command Completed': 'command_completed',
    'MRL Open': 'mrl_open',
    'Card Present in slot': 'present',
    'Electromechanical Interlock engaged': 'interlock',
    'Data Link Layer State Changed': 'link_changed',
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

const speedVector: Lines = (reader) => {
  const supported = reader.read(0x2c, 4) >>> 1;
  const speeds = SPEEDS.filter((_, i) => ((supported >>> i) & 1) !== 0).map((speed) => ` ${speed}GT/s`);
  return `      Supported Link Speed Vector:${speeds.join('')}\n`;
};

const LINK2 = together([
  lines.register('Link Capabilities 2', 'lnkcap2', 8),
  speedVector,
  lines.flag('Crosslink Supported', 'lnkcap2.crosslink'),
  lines.register('Link Control 2', 'lnkctl2', 4),
  lines.value('Target Link Speed', 'lnkctl2.target_speed', speedText),
  lines.flags('lnkctl2', {
    'Enter Compliance Enabled': 'compliance',
    'HW Autonomous Speed Disabled': 'auto_speed_disable',
    'Selectable De-emphasis': 'deemphasis',
  }),
  lines.value('Transmit Margin', 'lnkctl2.margin'),
  lines.flags('lnkctl2', {
    'Enter Modified Compliance': 'modified_compliance',
    'Compliance SOS': 'compliance_sos',
  }),
  lines.value('Compliance Present/De-emphasis', 'lnkctl2.compliance_preset'),
  (reader) => `    Link Status 2: ${hexNumber(reader.read(0x32, 2), 4)}\n`,
  lines.flags('lnksta2', {
    'Current De-emphasis Level': 'deemphasis',
    'Equalization Complete': 'equalization',
    'Equalization Phase 1 Successful': 'equalization1',
    'Equalization Phase 2 Successful': 'equalization2',
    'Equalization Phase 3 Successful': 'equalization3',
    'Link Equalization Request': 'equalization_request',
  }),
]);

export const expressLines: Lines = (reader) => {
  const { link, slot, root } = portOf(type(reader));
  let all = DEVICE(reader);
  if (link) all += LINK(reader);
  if (slot) all += SLOT(reader);
  if (root) all += ROOT(reader);
  if (version(reader) < 2) return all;
  all += DEVICE2(reader);
  return link ? all + LINK2(reader) : all;
};
