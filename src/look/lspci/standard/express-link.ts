/** lspci's words for the link registers of PCI Express. */
import { pcie } from '../../../pci/index.js';
import { fieldIn, registerIn, type FieldReader } from '../../field-reader.js';
import type { CapabilityView } from '../capability-view.js';
import { flags, joined, shown, type Item } from '../items.js';
import { L0S_LATENCIES, L1_LATENCIES } from './express-device.js';
import { PortType } from './express-types.js';

const SPEEDS: readonly (string | undefined)[] = [
  undefined,
  '2.5GT/s',
  '5GT/s',
  '8GT/s',
  '16GT/s',
  '32GT/s',
  '64GT/s',
];
const ASPM_SUPPORT = ['not supported', 'L0s', 'L1', 'L0s L1'];
const ASPM = ['Disabled', 'L0s Enabled', 'L1 Enabled', 'L0s L1 Enabled'];

const aspm = fieldIn(pcie, 'lnkcap.aspm');
const l0sExit = fieldIn(pcie, 'lnkcap.l0s_exit');
const l1Exit = fieldIn(pcie, 'lnkcap.l1_exit');
const L0S = 1;
const L1 = 2;

/** Exit latencies of the states that the link has. */
const exitLatency: Item = (view) => {
  const states = aspm(view);
  if (states === 0) return '';
  const latencies: string[] = [];
  if ((states & L0S) !== 0) latencies.push(`L0s ${L0S_LATENCIES[l0sExit(view)] ?? ''}`);
  if ((states & L1) !== 0) latencies.push(`L1 ${L1_LATENCIES[l1Exit(view)] ?? ''}`);
  return `, Exit Latency ${latencies.join(', ')}`;
};

/** A port above a link is as wide and fast as what was plugged in: less than it can do is nothing to tell. */
function isAbove(type: number): boolean {
  return type === PortType.rootPort || type === PortType.downstream || type === PortType.fromPci;
}

function compared(now: FieldReader, most: FieldReader, above: boolean): Item {
  return (view) => {
    const value = now(view);
    const limit = most(view);
    if (value > limit) return ' (overdriven)';
    return value < limit && !above ? ' (downgraded)' : '';
  };
}

function hasReadBoundary(type: number): boolean {
  return (
    type === PortType.rootPort ||
    type === PortType.endpoint ||
    type === PortType.legacyEndpoint ||
    type === PortType.toPci
  );
}

const maxSpeed = fieldIn(pcie, 'lnkcap.max_speed');
const maxWidth = fieldIn(pcie, 'lnkcap.max_width');
const speed = fieldIn(pcie, 'lnksta.speed');
const width = fieldIn(pcie, 'lnksta.width');

function speedText(value: number): string {
  return SPEEDS[value] ?? 'unknown';
}

const LINK = Array.from({ length: 16 }, (_, type): readonly Item[] => [
  shown(fieldIn(pcie, 'lnkcap.port'), (port) => `\t\tLnkCap:\tPort #${port}, Speed `),
  shown(maxSpeed, speedText),
  shown(maxWidth, (lanes) => `, Width x${lanes}, ASPM `),
  shown(aspm, (states) => ASPM_SUPPORT[states] ?? ''),
  exitLatency,
  '\n\t\t\t',
  flags(pcie, 'lnkcap', {
    ClockPM: 'clock_pm',
    Surprise: 'surprise_down',
    LLActRep: 'active_reporting',
    BwNot: 'bandwidth_notify',
    ASPMOptComp: 'aspm_optional',
  }),
  '\n\t\tLnkCtl:\tASPM ',
  shown(fieldIn(pcie, 'lnkctl.aspm'), (states) => `${ASPM[states] ?? ''};`),
  hasReadBoundary(type)
    ? shown(fieldIn(pcie, 'lnkctl.rcb'), (wide) => ` RCB ${wide !== 0 ? 128 : 64} bytes,`)
    : '',
  ' ',
  flags(pcie, 'lnkctl', { LnkDisable: 'disable', CommClk: 'common_clock' }),
  '\n\t\t\t',
  flags(pcie, 'lnkctl', {
    ExtSynch: 'ext_synch',
    ClockPM: 'clock_pm',
    AutWidDis: 'auto_width_disable',
    BWInt: 'bandwidth_interrupt',
    AutBWInt: 'auto_bandwidth_interrupt',
  }),
  '\n\t\tLnkSta:\tSpeed ',
  shown(speed, speedText),
  compared(speed, maxSpeed, isAbove(type)),
  shown(width, (lanes) => `, Width x${lanes}`),
  compared(width, maxWidth, isAbove(type)),
  '\n\t\t\t',
  flags(pcie, 'lnksta', {
    TrErr: 'training_error',
    Train: 'training',
    SlotClk: 'slot_clock',
    DLActive: 'active',
    BWMgmt: 'bandwidth_status',
    ABWMgmt: 'auto_bandwidth_status',
  }),
  '\n',
]);

export function writeLink(view: CapabilityView, type: number): string {
  return joined(LINK[type] ?? [], view);
}

/** Bits 7:1 of link capabilities 2, by the highest one that is set. */
const SPEED_VECTORS = [
  'Unknown',
  '2.5GT/s',
  '2.5-5GT/s',
  '2.5-8GT/s',
  '2.5-16GT/s',
  '2.5-32GT/s',
  '2.5-64GT/s',
  'RsvdP',
];

const linkCapabilities2 = registerIn(pcie, 'lnkcap2');

const CAPABILITIES2: readonly Item[] = [
  (view) => {
    const vector = linkCapabilities2(view) & 0xfe;
    const highest = vector === 0 ? 0 : 31 - Math.clz32(vector);
    return `\t\tLnkCap2: Supported Link Speeds: ${SPEED_VECTORS[highest] ?? ''}, `;
  },
  flags(pcie, 'lnkcap2', { Crosslink: 'crosslink', Retimer: 'retimer', '2Retimers': 'retimer2', DRS: 'drs' }),
  '\n',
];

const MARGINS = [
  'Normal Operating Range',
  '800-1200mV(full-swing)/400-700mV(half-swing)',
  ...Array.from({ length: 4 }, () => '200-400mV(full-swing)/100-200mV(half-swing)'),
];
/** De-emphasis and preshoot by preset, in dB. */
const PRESETS = [
  ['-6', '0'],
  ['-3.5', '0'],
  ['-4.4', '0'],
  ['-2.5', '0'],
  ['0', '0'],
  ['0', '1.9'],
  ['0', '2.5'],
  ['-6.0', '3.5'],
  ['-3.5', '3.5'],
  ['0', '3.5'],
].map(([deemphasis = '', preshoot = '']) => `${deemphasis}dB de-emphasis, ${preshoot}dB preshoot`);

function deemphasis(bit: number): string {
  return bit !== 0 ? '-3.5dB' : '-6dB';
}

/** No speed at all stands for the lowest one. */
function targetSpeed(value: number): string {
  return SPEEDS[value === 0 ? 1 : value] ?? 'Unknown';
}

function control2(type: number): readonly Item[] {
  return [
    shown(
      fieldIn(pcie, 'lnkctl2.target_speed'),
      (value) => `\t\tLnkCtl2: Target Link Speed: ${targetSpeed(value)}, `,
    ),
    flags(pcie, 'lnkctl2', { EnterCompliance: 'compliance', SpeedDis: 'auto_speed_disable' }),
    type === PortType.downstream
      ? shown(fieldIn(pcie, 'lnkctl2.deemphasis'), (bit) => `, Selectable De-emphasis: ${deemphasis(bit)}`)
      : '',
    shown(
      fieldIn(pcie, 'lnkctl2.margin'),
      (index) => `\n\t\t\t Transmit Margin: ${MARGINS[index] ?? 'Unknown'}, `,
    ),
    flags(pcie, 'lnkctl2', {
      EnterModifiedCompliance: 'modified_compliance',
      ComplianceSOS: 'compliance_sos',
    }),
    '\n\t\t\t Compliance Preset/De-emphasis: ',
    shown(fieldIn(pcie, 'lnkctl2.compliance_preset'), (index) => `${PRESETS[index] ?? 'Unknown'}\n`),
  ];
}
const CONTROL2 = Array.from({ length: 16 }, (_, type) => control2(type));

const CROSSLINKS = ['unsupported', 'Upstream Port', 'Downstream Port', 'incomplete'];

const STATUS2: readonly Item[] = [
  '\t\tLnkSta2: Current De-emphasis Level: ',
  shown(fieldIn(pcie, 'lnksta2.deemphasis'), (bit) => `${deemphasis(bit)}, `),
  flags(pcie, 'lnksta2', { EqualizationComplete: 'equalization', EqualizationPhase1: 'equalization1' }),
  '\n\t\t\t ',
  flags(pcie, 'lnksta2', {
    EqualizationPhase2: 'equalization2',
    EqualizationPhase3: 'equalization3',
    LinkEqualizationRequest: 'equalization_request',
  }),
  '\n\t\t\t ',
  flags(pcie, 'lnksta2', { Retimer: 'retimer', '2Retimers': 'retimer2' }),
  shown(fieldIn(pcie, 'lnksta2.crosslink'), (index) => ` CrosslinkRes: ${CROSSLINKS[index] ?? ''}`),
];

const COMPONENTS = [
  'Link Down - Not Determined',
  'Link Down - Not Present',
  'Link Down - Present',
  'Reserved',
  'Link Up - Present',
  'Link Up - Present and DRS Received',
];
const READINESS: readonly Item[] = [
  ', ',
  flags(pcie, 'lnksta2', { DRS: 'drs_received' }),
  shown(
    fieldIn(pcie, 'lnksta2.downstream'),
    (index) => `\n\t\t\t DownstreamComp: ${COMPONENTS[index] ?? 'Reserved'}`,
  ),
];
const readiness = fieldIn(pcie, 'lnkcap2.drs');

/** Endpoints share their device's link: only its first function is asked what the link can do. */
function tellsOfLink({ fn }: CapabilityView, type: number): boolean {
  const isEndpoint = type === PortType.endpoint || type === PortType.legacyEndpoint;
  return !isEndpoint || (fn.slot === 0 && fn.function === 0);
}

export function writeLink2(view: CapabilityView, type: number): string {
  let text = '';
  if (tellsOfLink(view, type)) {
    if (linkCapabilities2(view) !== 0) text += joined(CAPABILITIES2, view);
    text += joined(CONTROL2[type] ?? [], view);
  }
  text += joined(STATUS2, view);
  if (isAbove(type) && readiness(view) !== 0) text += joined(READINESS, view);
  return `${text}\n`;
}
