/** The link of a decoded PCI Express capability: its registers, and those of version 2. */
import { hexNumber, pcie } from '../../pci/index.js';
import { oneOf, TableLines, together, type Lines } from './lines.js';

const SPEEDS = ['2.5', '5.0', '8.0'];

/** From 1 on; NetBSD knows three. */
function speedText(value: number): string {
  const speed = SPEEDS[value - 1];
  return speed === undefined ? `unknown ${value} value` : `${speed}GT/s`;
}

/** Of 3 bits each, in a device’s capabilities and in a link’s. */
export const L0S_LATENCIES = [
  'Less than 64ns',
  '64ns to less than 128ns',
  '128ns to less than 256ns',
  '256ns to less than 512ns',
  '512ns to less than 1us',
  '1us to less than 2us',
  '2us - 4us',
  'More than 4us',
];
export const L1_LATENCIES = [
  'Less than 1us',
  '1us to less than 2us',
  '2us to less than 4us',
  '4us to less than 8us',
  '8us to less than 16us',
  '16us to less than 32us',
  '32us - 64us',
  'More than 64us',
];

const lines = new TableLines(pcie);

export const linkLines = together([
  lines.register('Link Capabilities Register', 'lnkcap', 8),
  lines.value('Maximum Link Speed', 'lnkcap.max_speed', speedText),
  lines.value('Maximum Link Width', 'lnkcap.max_width', (width) => `x${width} lanes`),
  lines.value(
    'Active State PM Support',
    'lnkcap.aspm',
    oneOf(['Reserved value', 'L0s Entry supported', 'Reserved value', 'L0s and L1 supported']),
  ),
  lines.value('L0 Exit Latency', 'lnkcap.l0s_exit', oneOf(L0S_LATENCIES)),
  lines.value('L1 Exit Latency', 'lnkcap.l1_exit', oneOf(L1_LATENCIES)),
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

const speedVector: Lines = (reader) => {
  const supported = reader.read(0x2c, 4) >>> 1;
  const speeds = SPEEDS.filter((_, i) => ((supported >>> i) & 1) !== 0).map((speed) => ` ${speed}GT/s`);
  return `      Supported Link Speed Vector:${speeds.join('')}\n`;
};

/** From version 2 of the capability on. */
export const link2Lines = together([
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
