/** Which text of lspci says the same as which of our fields: the PCI Express capability. */
import { compact, decimal, flags, named, plain, rule } from './lspci-rule.js';
import type { Rule } from './lspci-rule.js';

/** lspci says "unknown" for a value that the specification does not name. */
const speed: Rule['expected'] = (value) =>
  typeof value === 'number'
    ? 'unknown'
    : value === '128 GT/s'
      ? undefined
      : value.toString().replace(' ', '');

/** Power limit and its scale stand in two fields; lspci prints the product. */
function watts(scale: string): Rule['expected'] {
  return (value, _field, all) => {
    const unit = Number.parseFloat(String(all.get(scale)?.value));
    // Later specifications give the top values of scale 0 another meaning.
    if (unit === 1 && Number(value) >= 0xf0) return undefined;
    // Three digits after the point at most, as C's %g would have it.
    return String(Number((Number(value) * unit).toPrecision(6)));
  };
}

const latency: Rule['expected'] = (value) => {
  if (value === 'no limit' || String(value).startsWith('>')) return 'unlimited';
  return `<${String(value)
    .replace(/^.* to |^< /, '')
    .replace(' ', '')}`;
};
const aspm = named({ none: 'not supported', L0s: 'L0s', L1: 'L1', 'L0s and L1': 'L0s L1' });
const aspmControl = named({
  none: 'Disabled',
  L0s: 'L0s Enabled',
  L1: 'L1 Enabled',
  'L0s and L1': 'L0s L1 Enabled',
});
const indicator = named({ reserved: 'Unknown', on: 'On', blink: 'Blink', off: 'Off' });
const errors = {
  CorrErr: 'correctable',
  NonFatalErr: 'non_fatal',
  FatalErr: 'fatal',
  UnsupReq: 'unsupported',
};
const portTypes: Readonly<Record<string, string>> = {
  endpoint: 'Endpoint',
  'legacy endpoint': 'Legacy Endpoint',
  'root port': 'Root Port',
  'upstream port': 'Upstream Port',
  'downstream port': 'Downstream Port',
  'PCIe to PCI bridge': 'PCI-Express to PCI/PCI-X Bridge',
  'PCI to PCIe bridge': 'PCI/PCI-X to PCI-Express Bridge',
  'integrated endpoint': 'Root Complex Integrated Endpoint',
  'event collector': 'Root Complex Event Collector',
};

const express: Rule[] = [
  rule('Express', /\(v(\d+)\)/, 'pcie.flags.version', decimal),
  rule(
    'Express',
    /\(v\d+\) ([^(,]+?)(?: \(Slot|,)/,
    'pcie.flags.type',
    (v) => portTypes[String(v)] ?? `Unknown type ${v}`,
  ),
  rule('Express', /Slot([+-])/, 'pcie.flags.slot', (value) => (value === true ? '+' : '-')),
  rule('Express', /MSI ([0-9a-f]+)/, 'pcie.flags.message_number', (v) =>
    Number(v).toString(16).padStart(2, '0'),
  ),
  rule('Express.DevCap', /MaxPayload (\d+)/, 'pcie.devcap.max_payload', decimal),
  rule('Express.DevCap', /PhantFunc (\d)/, 'pcie.devcap.phantom', (value) => String(2 ** Number(value) - 1)),
  rule('Express.DevCap', /L0s (\S+?),/, 'pcie.devcap.l0s_latency', latency),
  rule('Express.DevCap', /L1 (\S+)/, 'pcie.devcap.l1_latency', latency),
  ...flags('Express.DevCap', 'pcie.devcap', {
    ExtTag: 'ext_tag',
    AttnBtn: 'attention_button',
    AttnInd: 'attention_indicator',
    PwrInd: 'power_indicator',
    RBE: 'role_based_error',
    FLReset: 'flr',
  }),
  rule(
    'Express.DevCap',
    /SlotPowerLimit ([\d.]+)W/,
    'pcie.devcap.slot_power',
    watts('pcie.devcap.slot_power_scale'),
  ),
  ...flags('Express.DevCtl', 'pcie.devctl', {
    ...errors,
    RlxdOrd: 'relaxed_order',
    ExtTag: 'ext_tag',
    PhantFunc: 'phantom',
    AuxPwr: 'aux_power',
    NoSnoop: 'no_snoop',
    FLReset: 'flr',
    BrConfRtry: 'bridge_retry',
  }),
  rule('Express.DevCtl', /MaxPayload (\d+)/, 'pcie.devctl.max_payload', decimal),
  rule('Express.DevCtl', /MaxReadReq (\d+)/, 'pcie.devctl.max_read', decimal),
  ...flags('Express.DevSta', 'pcie.devsta', { ...errors, AuxPwr: 'aux_power', TransPend: 'pending' }),
];

const link: Rule[] = [
  rule('Express.LnkCap', /Port #(\d+)/, 'pcie.lnkcap.port', decimal),
  rule('Express.LnkCap', /Speed ([^, ]+)/, 'pcie.lnkcap.max_speed', speed),
  rule('Express.LnkCap', /Width x(\d+)/, 'pcie.lnkcap.max_width', decimal),
  rule('Express.LnkCap', /ASPM ([^,]+?)(?:,| Clock)/, 'pcie.lnkcap.aspm', aspm),
  rule('Express.LnkCap', /Latency L0s (\S+?)(?:,|\s)/, 'pcie.lnkcap.l0s_exit', latency),
  rule('Express.LnkCap', /Latency (?:L0s \S+ )?L1 (\S+)/, 'pcie.lnkcap.l1_exit', latency),
  ...flags('Express.LnkCap', 'pcie.lnkcap', {
    ClockPM: 'clock_pm',
    Surprise: 'surprise_down',
    LLActRep: 'active_reporting',
    BwNot: 'bandwidth_notify',
    ASPMOptComp: 'aspm_optional',
  }),
  rule('Express.LnkCtl', /ASPM ([^;]+);/, 'pcie.lnkctl.aspm', aspmControl),
  rule('Express.LnkCtl', /RCB (\d+ bytes)/, 'pcie.lnkctl.rcb', decimal),
  ...flags('Express.LnkCtl', 'pcie.lnkctl', {
    Disabled: 'disable',
    CommClk: 'common_clock',
    ExtSynch: 'ext_synch',
    ClockPM: 'clock_pm',
    AutWidDis: 'auto_width_disable',
    BWInt: 'bandwidth_interrupt',
    AutBWInt: 'auto_bandwidth_interrupt',
  }),
  rule('Express.LnkSta', /Speed ([^, ]+)/, 'pcie.lnksta.speed', speed),
  rule('Express.LnkSta', /Width x(\d+)/, 'pcie.lnksta.width', decimal),
  ...flags('Express.LnkSta', 'pcie.lnksta', {
    TrErr: 'training_error',
    Train: 'training',
    SlotClk: 'slot_clock',
    DLActive: 'active',
    BWMgmt: 'bandwidth_status',
    ABWMgmt: 'auto_bandwidth_status',
  }),
  ...flags('Express.LnkCap2', 'pcie.lnkcap2', {
    Crosslink: 'crosslink',
    Retimer: 'retimer',
    '2Retimers': 'retimer2',
    DRS: 'drs',
  }),
  // lspci reads 0 as the lowest speed.
  rule('Express.LnkCtl2', /Target Link Speed: ([^, ]+)/, 'pcie.lnkctl2.target_speed', (value, field) =>
    field.raw === 0 || field.raw === 7
      ? undefined
      : typeof value === 'number'
        ? 'Unknown'
        : String(value).replace(' ', ''),
  ),
  ...flags('Express.LnkCtl2', 'pcie.lnkctl2', {
    EnterCompliance: 'compliance',
    SpeedDis: 'auto_speed_disable',
    EnterModifiedCompliance: 'modified_compliance',
    ComplianceSOS: 'compliance_sos',
  }),
  rule('Express.LnkCtl2', /Selectable De-emphasis: (\S+)/, 'pcie.lnkctl2.deemphasis', compact),
  rule('Express.LnkSta2', /Current De-emphasis Level: ([^, ]+)/, 'pcie.lnksta2.deemphasis', compact),
  ...flags('Express.LnkSta2', 'pcie.lnksta2', {
    EqualizationComplete: 'equalization',
    EqualizationPhase1: 'equalization1',
    EqualizationPhase2: 'equalization2',
    EqualizationPhase3: 'equalization3',
    LinkEqualizationRequest: 'equalization_request',
    Retimer: 'retimer',
    '2Retimers': 'retimer2',
    DRS: 'drs_received',
  }),
  rule(
    'Express.LnkSta2',
    /CrosslinkRes: (unsupported|Upstream|Downstream|incomplete)/,
    'pcie.lnksta2.crosslink',
    named({
      'not supported': 'unsupported',
      'upstream port': 'Upstream',
      'downstream port': 'Downstream',
      'not complete': 'incomplete',
    }),
  ),
];

const slotAndRoot: Rule[] = [
  ...flags('Express.SltCap', 'pcie.sltcap', {
    AttnBtn: 'attention_button',
    PwrCtrl: 'power_controller',
    MRL: 'mrl_sensor',
    AttnInd: 'attention_indicator',
    PwrInd: 'power_indicator',
    HotPlug: 'hot_plug',
    Surprise: 'surprise',
    Interlock: 'interlock',
    NoCompl: 'no_command_completed',
  }),
  rule('Express.SltCap', /Slot #(\d+)/, 'pcie.sltcap.number', decimal),
  rule('Express.SltCap', /PowerLimit ([\d.]+)W/, 'pcie.sltcap.power', watts('pcie.sltcap.power_scale')),
  ...flags('Express.SltCtl', 'pcie.sltctl', {
    AttnBtn: 'attention_button',
    PwrFlt: 'power_fault',
    MRL: 'mrl_changed',
    PresDet: 'presence_changed',
    CmdCplt: 'command_completed',
    HPIrq: 'hot_plug_interrupt',
    LinkChg: 'link_changed',
    Power: 'power_off',
    Interlock: 'interlock',
  }),
  rule('Express.SltCtl', /AttnInd (\w+)/, 'pcie.sltctl.attention_indicator', indicator),
  rule('Express.SltCtl', /PwrInd (\w+)/, 'pcie.sltctl.power_indicator', indicator),
  ...flags('Express.SltSta', 'pcie.sltsta', {
    AttnBtn: 'attention_button',
    PowerFlt: 'power_fault',
    MRL: 'mrl_open',
    CmdCplt: 'command_completed',
    PresDet: 'present',
    Interlock: 'interlock',
    'Changed: MRL': 'mrl_changed',
    LinkState: 'link_changed',
  }),
  rule('Express.SltSta', /Changed:.* PresDet([+-])/, 'pcie.sltsta.presence_changed', (v) =>
    v === true ? '+' : '-',
  ),
  ...flags('Express.RootCtl', 'pcie.rootctl', {
    ErrCorrectable: 'correctable',
    'ErrNon-Fatal': 'non_fatal',
    ErrFatal: 'fatal',
    PMEIntEna: 'pme_interrupt',
    CRSVisible: 'crs_visible',
  }),
  ...flags('Express.RootCap', 'pcie.rootcap', { CRSVisible: 'crs_visible' }),
  rule('Express.RootSta', /ReqID ([0-9a-f]+)/, 'pcie.rootsta.pme_requester', plain),
  ...flags('Express.RootSta', 'pcie.rootsta', { PMEStatus: 'pme_status', PMEPending: 'pme_pending' }),
];

const device2: Rule[] = [
  rule('Express.DevCap2', /Timeout: (?:Range )?([^,]+),/, 'pcie.devcap2.timeout_ranges', (value) =>
    value === 'none' ? 'Not Supported' : typeof value === 'number' ? 'Unknown' : String(value),
  ),
  ...flags('Express.DevCap2', 'pcie.devcap2', {
    TimeoutDis: 'timeout_disable',
    NROPrPrP: 'no_ro_pr_pr',
    LTR: 'ltr',
    '10BitTagComp': 'tag10_completer',
    '10BitTagReq': 'tag10_requester',
    ExtFmt: 'ext_format',
    EETLPPrefix: 'end_end_prefix',
    EmergencyPowerReductionInit: 'emergency_power_init',
    FRS: 'frs',
    TPHComp: 'tph_completer',
    ExtTPHComp: 'ext_tph_completer',
    ARIFwd: 'ari_forwarding',
    Routing: 'atomic_routing',
    '32bit': 'atomic32',
    '64bit': 'atomic64',
    '128bitCAS': 'cas128',
  }),
  rule(
    'Express.DevCap2',
    /OBFF ([^,]+),/,
    'pcie.devcap2.obff',
    named({
      none: 'Not Supported',
      message: 'Via message',
      'WAKE#': 'Via WAKE#',
      'message and WAKE#': 'Via message/WAKE#',
    }),
  ),
  rule('Express.DevCap2', /MaxEETLPPrefixes (\d)/, 'pcie.devcap2.max_prefixes', decimal),
  rule(
    'Express.DevCap2',
    /EmergencyPowerReduction ([A-Z][A-Za-z ]+),/,
    'pcie.devcap2.emergency_power',
    named({
      none: 'Not Supported',
      'device specific': 'Dev Specific',
      'form factor or device specific': 'Form Factor Dev Specific',
      reserved: 'Reserved',
    }),
  ),
  rule('Express.DevCap2', /LN System CLS ([^,]+?) cache/, 'pcie.devcap2.ln_cls', (value) =>
    String(value).replace(' bytes', 'byte'),
  ),
  rule('Express.DevCtl2', /Timeout: ([^,]+),/, 'pcie.devctl2.timeout', (value) =>
    typeof value === 'number' ? 'Unknown' : String(value).replace(/(\d) (m?u?s)/g, '$1$2'),
  ),
  ...flags('Express.DevCtl2', 'pcie.devctl2', {
    TimeoutDis: 'timeout_disable',
    LTR: 'ltr',
    '10BitTagReq': 'tag10_requester',
    ARIFwd: 'ari_forwarding',
    ReqEn: 'atomic_requester',
    EgressBlck: 'atomic_egress_block',
  }),
  rule(
    'Express.DevCtl2',
    /OBFF ([^,]+),/,
    'pcie.devctl2.obff',
    named({
      off: 'Disabled',
      'message A': 'Via message A',
      'message B': 'Via message B',
      'WAKE#': 'Via WAKE#',
    }),
  ),
];

export const pcieRules: readonly Rule[] = [...express, ...link, ...slotAndRoot, ...device2];

/** Lines of lspci that are there exactly when one of our registers is. */
export const presence: readonly (readonly [line: string, register: string])[] = [
  ['Express.LnkCap', 'pcie.lnkcap'],
  ['Express.LnkSta', 'pcie.lnksta'],
  ['Express.SltCap', 'pcie.sltcap'],
  ['Express.SltSta', 'pcie.sltsta'],
  ['Express.RootCtl', 'pcie.rootctl'],
  ['Express.RootSta', 'pcie.rootsta'],
  ['Express.DevCap2', 'pcie.devcap2'],
  ['MSI.Masking', 'msi.mask'],
];
